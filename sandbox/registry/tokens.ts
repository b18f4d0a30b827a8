import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { RegistryError } from "#sandbox/registry/errors.ts";

const lifetimeSeconds = 300;
const service = "sandbox-registry";
const claimsSchema = z.object({ sub: z.string(), exp: z.number(), access: z.array(z.string()) });

export interface TokenOptions {
  /** Users of the token endpoint with their passwords. */
  users: Readonly<Record<string, string>>;
  /** Whether someone without credentials may pull. */
  anonymousPull: boolean;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export interface Tokens {
  challenge(baseUrl: string, repository: string | undefined): string;
  /** Answers a request to the token endpoint. Throws UNAUTHORIZED for wrong credentials. */
  issue(query: URLSearchParams, authorization: string | undefined): { token: string; access_token: string; expires_in: number; issued_at: string };
  /** Throws UNAUTHORIZED (with the challenge) unless the bearer token is ours, in date and grants a pull of the repository. */
  require(authorization: string | undefined, baseUrl: string, repository: string | undefined): void;
}

/** Token authentication as registries do it: https://distribution.github.io/distribution/spec/auth/token/ */
export function createTokens({ users, anonymousPull, now }: TokenOptions): Tokens {
  const key = randomBytes(32);
  const sign = (payload: string) => createHmac("sha256", key).update(payload).digest("base64url");
  const nowSeconds = () => Math.floor(now() / 1000);

  function challenge(baseUrl: string, repository: string | undefined): string {
    const scope = repository === undefined ? "" : `,scope="repository:${repository}:pull"`;
    return `Bearer realm="${baseUrl}/token",service="${service}"${scope}`;
  }

  function verify(token: string): z.infer<typeof claimsSchema> | undefined {
    const [head, body, signature] = token.split(".");
    if (head === undefined || body === undefined || signature === undefined) return undefined;
    if (!sameText(signature, sign(`${head}.${body}`))) return undefined;
    const claims = claimsSchema.parse(JSON.parse(Buffer.from(body, "base64url").toString()));
    return claims.exp > nowSeconds() ? claims : undefined;
  }

  return {
    challenge,
    issue(query, authorization) {
      const user = authorization === undefined ? undefined : checkBasic(authorization, users);
      const access = user === undefined && !anonymousPull ? [] : pullScopes(query);
      const payload = [{ alg: "HS256", typ: "JWT" }, { sub: user ?? "", exp: nowSeconds() + lifetimeSeconds, access }].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      const token = `${payload}.${sign(payload)}`;
      return { token, access_token: token, expires_in: lifetimeSeconds, issued_at: new Date(now()).toISOString() };
    },
    require(authorization, baseUrl, repository) {
      const headers = { "www-authenticate": challenge(baseUrl, repository) };
      const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
      const claims = token === undefined ? undefined : verify(token);
      if (claims === undefined) throw new RegistryError("UNAUTHORIZED", "authentication required", { headers });
      if (repository === undefined || claims.access.includes(repository)) return;
      throw new RegistryError("UNAUTHORIZED", "authentication required", { headers, detail: [{ Type: "repository", Name: repository, Action: "pull" }] });
    },
  };
}

/** Repositories of "repository:<name>:pull[,push]" scopes; several may stand in one parameter or in several. */
function pullScopes(query: URLSearchParams): string[] {
  const scopes = query.getAll("scope").flatMap((scope) => scope.split(" "));
  return scopes.flatMap((scope) => /^repository:(.+):(?:[\w*]+,)*(?:pull|\*)(?:,[\w*]+)*$/.exec(scope)?.[1] ?? []);
}

function checkBasic(authorization: string, users: Readonly<Record<string, string>>): string {
  const encoded = /^Basic (\S+)$/i.exec(authorization)?.[1] ?? "";
  const [user = "", ...password] = Buffer.from(encoded, "base64").toString().split(":");
  const expected = Object.hasOwn(users, user) ? users[user] : undefined;
  if (expected === undefined || !sameText(password.join(":"), expected)) throw new RegistryError("UNAUTHORIZED", "incorrect username or password");
  return user;
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

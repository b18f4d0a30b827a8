import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import type { Configuration, JWK } from "oidc-provider";
import { createMemoryAdapters } from "#sandbox/identity/memory-adapter.ts";

type Claims = Record<string, unknown>;

export interface TestAccount {
  sub: string;
  name: string;
  email: string;
  email_verified: boolean;
  groups: string[];
}

/** A real OpenID Connect provider that signs one account in without asking, and that can be made to lie. */
export interface TestProvider {
  issuer: string;
  account: TestAccount;
  /** Makes another ID token of the true one's claims; null leaves it. */
  idToken: ((claims: Claims) => string) | null;
  userinfo: ((claims: Claims) => Claims) | null;
  /** Parameters of each authorization request. */
  asked: URLSearchParams[];
  /** How many times a code was presented at the token endpoint. */
  exchanges: number;
  signed(claims: Claims): string;
  unsigned(claims: Claims): string;
  /** As HS256 with the client's secret, or with the public key as if it were one. */
  macOf(claims: Claims, key: "secret" | "public-key"): string;
  stop(): Promise<void>;
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const signing = { ...privateKey.export({ format: "jwk" }), kid: "test", use: "sig", alg: "RS256" };
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export async function startTestProvider(client: { clientId: string; clientSecret: string; redirectUri: string }): Promise<TestProvider> {
  const handlers: { answer: ((...args: Parameters<ReturnType<Provider["callback"]>>) => void) | null } = { answer: null };
  const server: Server = createServer((request, response) => handlers.answer?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self: TestProvider = {
    issuer,
    account: { sub: "ada", name: "Ada", email: "ada@example.org", email_verified: true, groups: ["viewers"] },
    idToken: null,
    userinfo: null,
    asked: [],
    exchanges: 0,
    signed(claims) {
      const text = `${part({ alg: "RS256", typ: "JWT", kid: "test" })}.${part(claims)}`;
      return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
    },
    unsigned: (claims) => `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`,
    macOf(claims, key) {
      const text = `${part({ alg: "HS256", typ: "JWT", kid: "test" })}.${part(claims)}`;
      const secret = key === "secret" ? client.clientSecret : createPublicKey(privateKey).export({ format: "pem", type: "spki" });
      return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const provider = new Provider(issuer, configuration(client, self));
  provider.use(async (context, next) => {
    await next();
    const body: unknown = context.body;
    if (context.path === "/token") self.exchanges++;
    if (context.path === "/token" && self.idToken !== null && typeof body === "object" && body !== null && "id_token" in body) {
      const claims: Claims = JSON.parse(Buffer.from(String(body.id_token).split(".")[1] ?? "", "base64url").toString());
      context.body = { ...body, id_token: self.idToken(claims) };
    }
    if (context.path === "/me" && self.userinfo !== null) context.body = self.userinfo({ ...self.account });
  });
  const protocol = provider.callback();
  handlers.answer = (request, response) => {
    const url = new URL(request.url ?? "/", issuer);
    if (url.pathname === "/auth") self.asked.push(url.searchParams);
    if (!url.pathname.startsWith("/interaction/")) return void protocol(request, response);
    void provider.interactionFinished(request, response, { login: { accountId: self.account.sub, remember: true } });
  };
  return self;
}

function configuration({ clientId, clientSecret, redirectUri }: Parameters<typeof startTestProvider>[0], self: TestProvider): Configuration {
  return {
    // Safe: exported by Node as the members that oidc-provider asks for.
    jwks: { keys: [signing as JWK] },
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], response_types: ["code"], grant_types: ["authorization_code"] }],
    adapter: createMemoryAdapters(),
    cookies: { keys: ["for this test only"] },
    pkce: { required: () => true },
    scopes: ["openid", "profile", "email", "groups"],
    claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"], groups: ["groups"] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ ...self.account, sub: id }) }),
    loadExistingGrant: async ({ oidc }) => {
      if (oidc.client === undefined || oidc.session?.accountId === undefined) return undefined;
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope([...oidc.requestParamScopes].join(" "));
      await grant.save();
      return grant;
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  };
}

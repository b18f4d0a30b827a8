import { z } from "zod";
import { parseChallenge } from "#lib/adapters/registry/challenge.ts";
import type { Challenge } from "#lib/adapters/registry/challenge.ts";
import { httpGet } from "#lib/adapters/registry/http.ts";
import type { HttpReply } from "#lib/adapters/registry/http.ts";
import { VigieError } from "#lib/domain/error.ts";

export interface RegistryClientOptions {
  /** As in image references. */
  host: string;
  base: URL;
  /** Named in the configuration: may be a private address and, with an http URL, unencrypted. */
  trusted: boolean;
  credentials: { username: string; password: string } | null;
  timeoutMs: number;
  maximumBytes: number;
}

export interface RegistryClient {
  /** The bytes behind a path such as `/v2/<name>/manifests/<digest>`; null on 404. Throws VigieError "upstream". */
  get(path: string, repository: string, accept: string, signal?: AbortSignal): Promise<{ body: Buffer; contentType: string | undefined } | null>;
}

const tokenReplySchema = z.object({ token: z.string().optional(), access_token: z.string().optional(), expires_in: z.number().optional() });
const maximumRedirects = 3;

/**
 * Reads from one registry, with token authentication (https://distribution.github.io/distribution/spec/auth/token/).
 * Credentials go to the registry's own token realm only and never along a redirect (blobs live on other hosts).
 */
export function createRegistryClient({ host, base, trusted, credentials, timeoutMs, maximumBytes }: RegistryClientOptions): RegistryClient {
  const tokens = new Map<string, { authorization: string; goodUntilMs: number }>();
  const basic = credentials === null ? null : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
  const unreachable = (cause: unknown): VigieError => new VigieError("upstream", `The registry ${host} cannot be asked: ${cause instanceof Error ? cause.message : String(cause)}.`, { detail: { host }, cause });
  const trustedAt = (url: URL): boolean => trusted && url.hostname === base.hostname;

  async function ask(url: URL, headers: Record<string, string>, signal: AbortSignal | undefined): Promise<HttpReply> {
    try {
      return await httpGet({ url, headers: { "user-agent": "vigie", ...headers }, timeoutMs, maximumBytes, trusted: trustedAt(url), signal });
    } catch (error) {
      throw unreachable(error);
    }
  }

  /** An Authorization header for the challenge, or null when it cannot be answered. */
  async function authorise(challenge: Challenge, repository: string, signal: AbortSignal | undefined): Promise<string | null> {
    if (challenge.scheme === "basic") return basic;
    const realm = URL.parse(challenge.parameters.realm ?? "");
    if (realm === null) return null;
    realm.searchParams.set("service", challenge.parameters.service ?? host);
    realm.searchParams.set("scope", challenge.parameters.scope ?? `repository:${repository}:pull`);
    const sameSite = realm.hostname === base.hostname || siteOf(realm.hostname) === siteOf(base.hostname);
    const reply = await ask(realm, basic !== null && sameSite ? { authorization: basic } : {}, signal);
    if (reply.status !== 200) throw unreachable(new Error(`its token service answers ${reply.status}${reply.status === 401 || reply.status === 403 ? ": check username and password of this registry in vigie.yaml" : ""}`));
    const parsed = tokenReplySchema.safeParse(parseJson(reply.body));
    const token = parsed.data?.token ?? parsed.data?.access_token;
    if (token === undefined || /[^\x21-\x7e]/.test(token)) throw unreachable(new Error("its token service answers something that is no token"));
    const authorization = `Bearer ${token}`;
    tokens.set(repository, { authorization, goodUntilMs: performance.now() + Math.max(0, (parsed.data?.expires_in ?? 60) - 10) * 1000 });
    return authorization;
  }

  async function followed(reply: HttpReply, from: URL, signal: AbortSignal | undefined): Promise<HttpReply> {
    let [current, url] = [reply, from];
    for (let hop = 0; hop < maximumRedirects && current.status >= 300 && current.status < 400; hop += 1) {
      const next = URL.parse(current.headers.location ?? "", url);
      if (next === null) break;
      url = next;
      current = await ask(url, {}, signal);
    }
    return current;
  }

  async function get(path: string, repository: string, accept: string, signal?: AbortSignal): Promise<{ body: Buffer; contentType: string | undefined } | null> {
    const url = new URL(base.pathname.replace(/\/$/, "") + path, base);
    const known = tokens.get(repository);
    let authorization = known !== undefined && known.goodUntilMs > performance.now() ? known.authorization : null;
    let reply = await ask(url, { accept, ...(authorization === null ? {} : { authorization }) }, signal);
    if (reply.status === 401) {
      tokens.delete(repository);
      const challenge = parseChallenge(reply.headers["www-authenticate"]);
      authorization = challenge === null ? null : await authorise(challenge, repository, signal);
      if (authorization !== null) reply = await ask(url, { accept, authorization }, signal);
    }
    reply = await followed(reply, url, signal);
    if (reply.status === 404) return null;
    if (reply.status === 401 || reply.status === 403) throw unreachable(new Error(`it refuses to show ${repository} (${reply.status}): give it username and password under registries in vigie.yaml`));
    if (reply.status === 429) throw unreachable(new Error("it asks for fewer requests (429): try again in a minute"));
    if (reply.status !== 200) throw unreachable(new Error(`it answers ${reply.status}`));
    return { body: reply.body, contentType: reply.headers["content-type"] };
  }

  return { get };
}

/** The last two labels of a host name: "auth.docker.io" and "registry-1.docker.io" are one site. IP addresses stand for themselves. */
function siteOf(hostname: string): string {
  return /^[\d.]+$|:/.test(hostname) ? hostname : hostname.split(".").slice(-2).join(".");
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

import { z } from "zod";
import { fetchJson } from "#lib/adapters/identity/fetch-json.ts";
import { VigieError } from "#lib/domain/error.ts";
import { isLoopbackHost } from "#lib/domain/request-origin.ts";

const discoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  userinfo_endpoint: z.url().optional(),
  scopes_supported: z.array(z.string()).default([]),
  id_token_signing_alg_values_supported: z.array(z.string()).default(["RS256"]),
});
export type Discovery = z.infer<typeof discoverySchema>;

/** Signatures that prove something without the client's secret, the usual one first. */
const signatures = ["RS256", "ES256", "PS256", "EdDSA", "RS384", "RS512", "ES384", "ES512", "PS384", "PS512"];
const keepMs = 600_000;
const known = new Map<string, { at: number; document: Discovery }>();

export function wellKnownUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/**
 * The provider's discovery document (OpenID Connect Discovery 1.0, section 4), kept for ten minutes. Throws VigieError "upstream" when it
 * cannot be had, is for another issuer (section 4.3), or names endpoints over plain http on another machine.
 */
export async function discover(issuer: string, now: number): Promise<Discovery> {
  const cached = known.get(issuer);
  if (cached && now - cached.at < keepMs) return cached.document;
  const answer = await fetchJson(wellKnownUrl(issuer));
  const parsed = discoverySchema.safeParse(answer?.body);
  if (!parsed.success) throw new VigieError("upstream", `The sign-in service ${issuer} does not describe itself as OpenID Connect asks. Check access.providers in the configuration.`, { cause: parsed.error });
  const document = parsed.data;
  if (document.issuer !== issuer) throw new VigieError("upstream", `The sign-in service at ${issuer} calls itself ${document.issuer}. Write exactly that as issuer in the configuration.`);
  for (const endpoint of [document.authorization_endpoint, document.token_endpoint, document.jwks_uri, document.userinfo_endpoint]) {
    if (endpoint === undefined) continue;
    const url = new URL(endpoint);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname) && isLoopbackHost(new URL(issuer).hostname))) {
      throw new VigieError("upstream", `The sign-in service ${issuer} names an address without TLS (${url.origin}), which is not used.`);
    }
  }
  known.set(issuer, { at: now, document });
  return document;
}

/** Scope to ask for: "groups" only where it exists, because some providers refuse what they do not know. */
export function scopeFor(discovery: Discovery): string {
  return ["openid", "profile", "email", ...(discovery.scopes_supported.includes("groups") ? ["groups"] : [])].join(" ");
}

export function signatureFor(discovery: Discovery): string {
  return signatures.find((algorithm) => discovery.id_token_signing_alg_values_supported.includes(algorithm)) ?? "RS256";
}

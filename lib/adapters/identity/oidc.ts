import type { OAuthConfig } from "next-auth/providers/oauth";
import { z } from "zod";
import { configuredLookup } from "#lib/adapters/egress/outgoing.ts";
import { discover, scopeFor, signatureFor, wellKnownUrl } from "#lib/adapters/identity/discovery.ts";
import type { IdentityProviderConfig } from "#lib/contracts/config.ts";
import { personSchema } from "#lib/contracts/person.ts";
import type { Person } from "#lib/contracts/person.ts";

export type ProviderOf<Kind extends IdentityProviderConfig["kind"]> = Extract<IdentityProviderConfig, { kind: Kind }>;

/** Told who it is as soon as the provider's answer is checked, before anybody is let in; and when they proved it there, null when the provider did not say. */
export type OnPerson = (person: Person, authenticatedAt: Date | null) => void;

export interface OidcSignIn {
  now: Date;
  /** The person is to prove anew who they are, whatever session they have at the provider. */
  again: boolean;
  /** A session at the provider that is older than this takes a new proof there. */
  maximumAgeSeconds: number;
  onPerson: OnPerson;
}

const claimsSchema = z.looseObject({
  sub: z.string(),
  name: z.string().optional(),
  preferred_username: z.string().optional(),
  email: z.string().optional(),
  email_verified: z.union([z.boolean(), z.enum(["true", "false"])]).optional(),
});

/** Reads a person from the claims of ID token and userinfo. Throws when there is no subject. */
export function personOfClaims(claims: unknown, groupsClaim: string): Person {
  const { sub, name, preferred_username: username, email, email_verified: verified, ...rest } = claimsSchema.parse(claims);
  const groups = rest[groupsClaim];
  return personSchema.parse({
    subject: sub,
    name: name ?? username ?? null,
    email: email ?? null,
    emailVerified: verified === true || verified === "true",
    groups: (Array.isArray(groups) ? groups : [groups]).filter((group) => typeof group === "string"),
  });
}

/** Clocks differ by so much; what lies further ahead is no time at all (a provider that counts milliseconds). */
const aheadMs = 60_000;

/**
 * `auth_time` of the ID token's claims (OpenID Connect Core 1.0, section 2), never later than now; null when it is missing or makes no sense.
 * Asking with `max_age` makes a provider say it (section 3.1.2.1).
 */
export function authenticatedAtOf(claims: Record<string, unknown>, now: Date): Date | null {
  const seconds = claims.auth_time;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds <= 0) return null;
  const at = seconds * 1000;
  return at > now.getTime() + aheadMs ? null : new Date(Math.min(at, now.getTime()));
}

/** Any OpenID Connect provider: discovery, code flow with PKCE, state and nonce; claims of the ID token completed from userinfo. */
export async function oidcProvider(config: ProviderOf<"oidc">, clientSecret: string, { now, again, maximumAgeSeconds, onPerson }: OidcSignIn): Promise<OAuthConfig<unknown>> {
  const discovery = await discover(config.issuer, now.getTime());
  let authenticatedAt: Date | null = null;
  return {
    id: config.id,
    name: config.title,
    type: "oauth",
    wellKnown: wellKnownUrl(config.issuer),
    clientId: config.clientId,
    clientSecret,
    client: { id_token_signed_response_alg: signatureFor(discovery) },
    authorization: { params: { scope: scopeFor(discovery), ...(again && { prompt: "login" }), ...(config.authTime && { max_age: again ? 0 : maximumAgeSeconds }) } },
    checks: ["pkce", "state", "nonce"],
    idToken: true,
    httpOptions: { timeout: 8_000, lookup: configuredLookup() },
    userinfo: {
      async request({ client, tokens }) {
        // `tokens` is openid-client's TokenSet, whose claims() are those of the ID token it has verified; next-auth's type leaves the method out.
        const tokenSet = tokens as unknown as Exclude<Parameters<typeof client.userinfo>[0], string>;
        const claims = tokenSet.claims();
        // The library checks that it has not expired, not that it was issued already (section 3.1.3.7, 10).
        if (claims.iat * 1000 > now.getTime() + aheadMs) throw new Error("id_token claim timestamp check failed: issued in the future");
        authenticatedAt = config.authTime ? authenticatedAtOf(claims, now) : now;
        if (discovery.userinfo_endpoint === undefined || tokens.access_token === undefined) return claims;
        // The whole set, not the access token alone: then a userinfo of another subject is refused (section 5.3.2).
        return { ...(await client.userinfo(tokenSet, { params: {} })), ...claims };
      },
    },
    profile(claims) {
      const person = personOfClaims(claims, config.groupsClaim);
      onPerson(person, authenticatedAt);
      return { id: person.subject, name: person.name, email: person.email };
    },
  };
}

import type { OAuthConfig } from "next-auth/providers/oauth";
import { z } from "zod";
import { configuredLookup } from "#lib/adapters/egress/outgoing.ts";
import { discover, scopeFor, signatureFor, wellKnownUrl } from "#lib/adapters/identity/discovery.ts";
import type { IdentityProviderConfig } from "#lib/contracts/config.ts";
import { personSchema } from "#lib/contracts/person.ts";
import type { Person } from "#lib/contracts/person.ts";

export type ProviderOf<Kind extends IdentityProviderConfig["kind"]> = Extract<IdentityProviderConfig, { kind: Kind }>;

/** Told who it is as soon as the provider's answer is checked, before anybody is let in. */
export type OnPerson = (person: Person) => void;

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

/** Any OpenID Connect provider: discovery, code flow with PKCE, state and nonce; claims of the ID token completed from userinfo. */
export async function oidcProvider(config: ProviderOf<"oidc">, clientSecret: string, now: number, onPerson: OnPerson): Promise<OAuthConfig<unknown>> {
  const discovery = await discover(config.issuer, now);
  return {
    id: config.id,
    name: config.title,
    type: "oauth",
    wellKnown: wellKnownUrl(config.issuer),
    clientId: config.clientId,
    clientSecret,
    client: { id_token_signed_response_alg: signatureFor(discovery) },
    authorization: { params: { scope: scopeFor(discovery) } },
    checks: ["pkce", "state", "nonce"],
    idToken: true,
    httpOptions: { timeout: 8_000, lookup: configuredLookup() },
    userinfo: {
      async request({ client, tokens }) {
        // `tokens` is openid-client's TokenSet, whose claims() are those of the ID token it has verified; next-auth's type leaves the method out.
        const claims = (tokens as unknown as { claims(): Record<string, unknown> }).claims();
        if (discovery.userinfo_endpoint === undefined || tokens.access_token === undefined) return claims;
        return { ...(await client.userinfo(tokens.access_token, { params: {} })), ...claims };
      },
    },
    profile(claims) {
      const person = personOfClaims(claims, config.groupsClaim);
      onPerson(person);
      return { id: person.subject, name: person.name, email: person.email };
    },
  };
}

import { randomBytes } from "node:crypto";
import type { AuthOptions } from "next-auth";
import { attempts, noteError, scrubbedMessage } from "#lib/adapters/identity/attempt.ts";
import type { Attempt } from "#lib/adapters/identity/attempt.ts";
import { githubProvider } from "#lib/adapters/identity/github.ts";
import { oidcProvider } from "#lib/adapters/identity/oidc.ts";
import type { OnPerson } from "#lib/adapters/identity/oidc.ts";
import { createSessionAdapter } from "#lib/adapters/identity/session-adapter.ts";
import type { Config, IdentityProviderConfig } from "#lib/contracts/config.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { safeReturnPath } from "#lib/domain/request-origin.ts";
import { sessionCookieName } from "#lib/domain/session-cookie.ts";
import type { SignInRefusal } from "#lib/domain/sign-in-refusal.ts";
import type { SignInStore } from "#lib/ports/identity.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";

/** What signing in needs of the portal. */
export interface IdentityPortal {
  access: Config["access"];
  /** Origin that people use, "https://vigie.example.org". */
  url: string;
  /** Signs the cookies of a sign-in under way. */
  secret: string;
  secretOf(reference: string): string;
  store: SignInStore;
  clock: Clock;
  log: Log;
  /** Records that somebody was not let in, unless the store has done so. */
  onRefused(refusal: SignInRefusal, provider: string): Promise<void>;
}

/** next-auth's options for one request to one provider. Throws VigieError "upstream" when an OIDC provider cannot be discovered. */
export async function authOptions(portal: IdentityPortal, provider: IdentityProviderConfig, attempt: Attempt, replacesToken: string | null): Promise<AuthOptions> {
  const secure = portal.url.startsWith("https:");
  return {
    providers: [await oauthProvider(portal, provider, attempt)],
    secret: portal.secret,
    useSecureCookies: secure,
    adapter: createSessionAdapter(portal.store, provider.id, replacesToken, attempt),
    session: { strategy: "database", maxAge: Math.ceil(portal.access.sessionMaximumHours * 3600), generateSessionToken: () => randomBytes(32).toString("base64url") },
    cookies: { sessionToken: { name: sessionCookieName(portal.url), options: sessionCookieOptions(portal.url) } },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    callbacks: {
      redirect: ({ url }) => `${portal.url}${safeReturnPath(url, portal.url)}`,
      signIn: () => letIn(portal, provider, attempt),
    },
    logger: {
      error: (code, metadata) => {
        noteError(metadata);
        portal.log.warn({ code, provider: provider.id, why: scrubbedMessage(attempts.getStore()?.error) }, "sign-in failed");
      },
      warn: (code) => portal.log.debug({ code }, "next-auth warns"),
      // Debug lines hold codes, verifiers and profiles.
      debug: () => undefined,
    },
  };
}

export function sessionCookieOptions(portalUrl: string): { httpOnly: true; sameSite: "lax"; path: "/"; secure: boolean } {
  return { httpOnly: true, sameSite: "lax", path: "/", secure: portalUrl.startsWith("https:") };
}

async function oauthProvider(portal: IdentityPortal, provider: IdentityProviderConfig, attempt: Attempt): Promise<AuthOptions["providers"][number]> {
  const secret = portal.secretOf(provider.clientSecret);
  const now = portal.clock.now();
  const onPerson: OnPerson = (person, authenticatedAt) => void Object.assign(attempt, { person, authenticatedAt });
  switch (provider.kind) {
    case "oidc":
      return oidcProvider(provider, secret, { now, again: attempt.again, maximumAgeSeconds: Math.ceil(portal.access.sessionMaximumHours * 3600), onPerson });
    case "github":
      return githubProvider(provider, secret, {
        again: attempt.again,
        // GitHub does not say when people signed in there: coming back from it is all the proof there is.
        onPerson: (person) => onPerson(person, now),
        async onNotAMember(subject) {
          attempt.refused = "not-a-member";
          await portal.store.left(provider.id, subject);
        },
      });
    default:
      return assertNever(provider);
  }
}

/** How old a proof may be that was asked for anew: the time it takes to come back, and clocks that differ. */
const anewWithinMs = 300_000;

/** Never throws: next-auth would put the message into the address of the error page. */
async function letIn(portal: IdentityPortal, provider: IdentityProviderConfig, attempt: Attempt): Promise<boolean> {
  if (attempt.person === null) return false;
  if (attempt.again && (attempt.authenticatedAt === null || portal.clock.now().getTime() - attempt.authenticatedAt.getTime() > anewWithinMs)) {
    attempt.refused = attempt.authenticatedAt === null ? "no-auth-time" : "not-anew";
    return false;
  }
  try {
    const result = await portal.store.signIn(provider.id, attempt.person);
    if ("refused" in result) attempt.refused = result.refused;
    return "userId" in result;
  } catch (error) {
    portal.log.error({ error }, "a sign-in could not be stored");
    attempt.refused = "unavailable";
    return false;
  }
}

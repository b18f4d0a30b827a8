import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import type { Actor } from "#lib/contracts/actor.ts";
import { databaseAwaySentence, isDatabaseAway } from "#lib/domain/database-away.ts";
import { VigieError } from "#lib/domain/error.ts";
import { cookieValue, sessionCookieName } from "#lib/domain/session-cookie.ts";
import { clientAddress } from "#lib/runtime/client-address.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { endSession } from "#lib/services/session/end.ts";
import { readSession } from "#lib/services/session/read.ts";
import type { SignedIn } from "#lib/services/session/read.ts";
import { authenticateToken } from "#lib/services/token/authenticate.ts";

/** Token of an `Authorization: Bearer …` header; null without one. */
export function bearerToken(request: Request): string | null {
  const [scheme, token, ...rest] = (request.headers.get("authorization") ?? "").trim().split(/\s+/);
  return scheme?.toLowerCase() === "bearer" && token !== undefined && rest.length === 0 ? token : null;
}

/**
 * For route handlers: who calls, by bearer token, else by session cookie; null when neither says. A token that is no good is not
 * helped out by a cookie. A long-lived answer (a stream) ends at `sessionExpiresAt` and asks again meanwhile, with `use: false`.
 */
export async function actorOfRequest(request: Request, { use = true }: { use?: boolean } = {}): Promise<SignedIn | null> {
  const { context, config } = getRuntime();
  if (request.headers.has("authorization")) {
    return authenticateToken(context, { token: bearerToken(request) ?? "", address: clientAddress(request), bootstrapToken: process.env.VIGIE_BOOTSTRAP_TOKEN, use });
  }
  const token = cookieValue(request.headers.get("cookie"), sessionCookieName(portalUrl(config)));
  return token === null ? null : readSession(context, token, { use, address: clientAddress(request) });
}

async function sessionToken(): Promise<string | null> {
  return (await cookies()).get(sessionCookieName(portalUrl(getRuntime().config)))?.value ?? null;
}

/** For server components and actions: who is signed in, with the grants of this moment. Asked once per render, anew for every action. */
export const currentActor: () => Promise<Actor | null> = cache(async () => {
  const token = await sessionToken();
  if (token === null) return null;
  const address = clientAddress(new Request("http://localhost", { headers: await headers() }));
  return (await readSession(getRuntime().context, token, { address }))?.actor ?? null;
});

/** For server actions, which ask this first. Throws VigieError "unauthenticated" when nobody is signed in, "unavailable" when nobody can be asked. */
export async function requireActor(): Promise<Actor> {
  const actor = await currentActor().catch((cause: unknown) => {
    throw isDatabaseAway(cause) ? new VigieError("unavailable", databaseAwaySentence, { cause }) : cause;
  });
  if (actor === null) throw new VigieError("unauthenticated", "You are not signed in any more. Sign in and try again.");
  return actor;
}

/** For pages: sends whoever is not signed in to the sign-in page, and back to `path` afterwards. */
export async function requirePageActor(path: string): Promise<Actor> {
  return (await currentActor()) ?? redirect(`/sign-in?callbackUrl=${encodeURIComponent(path)}`);
}

/** For the sign-out action: ends the session for every tab and clears its cookie. */
export async function signOutCurrent(): Promise<void> {
  const { context, config } = getRuntime();
  const token = await sessionToken();
  if (token !== null) await endSession(context, token);
  (await cookies()).delete({ name: sessionCookieName(portalUrl(config)), path: "/", secure: portalUrl(config).startsWith("https:") });
}

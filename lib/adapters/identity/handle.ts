import { createHash, randomBytes } from "node:crypto";
import { attempts, refusalOf, scrubbedMessage } from "#lib/adapters/identity/attempt.ts";
import type { Attempt } from "#lib/adapters/identity/attempt.ts";
import { callNextAuth } from "#lib/adapters/identity/bridge.ts";
import type { BridgedResponse } from "#lib/adapters/identity/bridge.ts";
import { authOptions, sessionCookieOptions } from "#lib/adapters/identity/options.ts";
import type { IdentityPortal } from "#lib/adapters/identity/options.ts";
import type { IdentityProviderConfig } from "#lib/contracts/config.ts";
import { checkRequestOrigin, portalOrigins, safeReturnPath } from "#lib/domain/request-origin.ts";
import { cookieValue, sessionCookieName } from "#lib/domain/session-cookie.ts";
import type { SignInRefusal } from "#lib/domain/sign-in-refusal.ts";

const maximumBodyBytes = 8_192;
/** Refusals that the store writes into the audit log itself, with the person's name. */
const recordedByStore: readonly SignInRefusal[] = ["no-role", "disabled"];

/**
 * The routes below /api/auth: POST signin/<provider> (field callbackUrl), GET callback/<provider>, POST signout; everything else that next-auth
 * knows stays closed. Forms work without script. A POST must come from our own origin, which is what protects it; next-auth's own token
 * against forgery is filled in here.
 */
export async function handleIdentity(request: Request, segments: readonly string[], portal: IdentityPortal): Promise<Response> {
  const [action = "", providerId = ""] = segments;
  const method = request.method.toUpperCase();
  if (method === "POST" && segments.length <= 2) {
    const sessionToken = cookieValue(request.headers.get("cookie"), sessionCookieName(portal.url));
    const facts = { method, path: new URL(request.url).pathname, origin: request.headers.get("origin"), secFetchSite: request.headers.get("sec-fetch-site"), siteRequired: false, hasSessionCookie: sessionToken !== null, hasBearerToken: false };
    if (!checkRequestOrigin(facts, portalOrigins(portal.url)).allowed) return refuse(portal, "foreign-request", providerId);
    if (action === "signout" && segments.length === 1) return signOut(portal, sessionToken);
  }
  const provider = portal.access.providers.find((candidate) => candidate.id === providerId);
  if (provider !== undefined && segments.length === 2) {
    if (method === "POST" && action === "signin") return begin(request, portal, provider);
    if (method === "GET" && action === "callback") return finish(request, portal, provider);
  }
  if (method === "GET") return redirect(portal, "/sign-in");
  return Response.json({ error: { code: "not-found", message: "There is nothing here. Sign in at /sign-in.", detail: null, reference: "" } }, { status: 404, headers: noStore });
}

/**
 * Says on the way back that a new proof was asked for, so that a provider that gave none can be told of. It decides nothing: how old a proof is stands in the
 * ID token, and services ask for its age.
 */
function againCookieName(portal: IdentityPortal): string {
  return portal.url.startsWith("https:") ? "__Secure-vigie-again" : "vigie-again";
}

function againCookie(portal: IdentityPortal, again: boolean): string {
  return `${againCookieName(portal)}=${again ? "1" : ""}; Path=/api/auth; Max-Age=${again ? 900 : 0}; HttpOnly; SameSite=Lax${portal.url.startsWith("https:") ? "; Secure" : ""}`;
}

const noStore = { "cache-control": "no-store" };

async function begin(request: Request, portal: IdentityPortal, provider: IdentityProviderConfig): Promise<Response> {
  const form = await readForm(request);
  const back = safeReturnPath(form?.get("callbackUrl"), portal.url);
  const again = form?.get("again") === "1";
  const csrfToken = randomBytes(32).toString("hex");
  const csrfCookie = `${csrfToken}|${createHash("sha256").update(`${csrfToken}${portal.secret}`).digest("hex")}`;
  const csrfName = portal.url.startsWith("https:") ? "__Host-next-auth.csrf-token" : "next-auth.csrf-token";
  const attempt: Attempt = { person: null, authenticatedAt: null, again, refused: null, error: null };
  const answer = await run(portal, provider, attempt, null, {
    method: "POST", segments: ["signin", provider.id], query: {}, cookies: { [csrfName]: csrfCookie },
    body: { csrfToken, callbackUrl: `${portal.url}${back}` },
  });
  const target = answer?.location;
  if (!answer || !target || attempt.error !== null || portalOrigins(portal.url).includes(new URL(target, portal.url).origin)) return refuse(portal, refusalOf(attempt), provider.id, back, again);
  return leavePage(target, [...answer.cookies, againCookie(portal, again)]);
}

async function finish(request: Request, portal: IdentityPortal, provider: IdentityProviderConfig): Promise<Response> {
  const cookies = allCookies(request.headers.get("cookie"));
  const sessionCookie = sessionCookieName(portal.url);
  const previous = cookies[sessionCookie] ?? null;
  // Without the old session next-auth makes a new one each time, and never joins the account to whoever was signed in before.
  delete cookies[sessionCookie];
  const again = cookies[againCookieName(portal)] === "1";
  const attempt: Attempt = { person: null, authenticatedAt: null, again, refused: null, error: null };
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const answer = await run(portal, provider, attempt, previous, { method: "GET", segments: ["callback", provider.id], query, cookies, body: {} });
  const signedIn = answer?.cookies.some((cookie) => cookie.startsWith(`${sessionCookie}=`) && !cookie.startsWith(`${sessionCookie}=;`));
  const back = cookies[portal.url.startsWith("https:") ? "__Secure-next-auth.callback-url" : "next-auth.callback-url"];
  if (!answer || !signedIn || answer.location === null) return refuse(portal, refusalOf(attempt), provider.id, safeReturnPath(back, portal.url), again);
  return redirect(portal, safeReturnPath(answer.location, portal.url), [...answer.cookies, againCookie(portal, false)]);
}

async function signOut(portal: IdentityPortal, sessionToken: string | null): Promise<Response> {
  if (sessionToken !== null) await portal.store.endSession(sessionToken);
  const { secure } = sessionCookieOptions(portal.url);
  return redirect(portal, "/sign-in", [`${sessionCookieName(portal.url)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`]);
}

async function run(portal: IdentityPortal, provider: IdentityProviderConfig, attempt: Attempt, replacesToken: string | null, request: Parameters<typeof callNextAuth>[0]): Promise<BridgedResponse | null> {
  try {
    const options = await authOptions(portal, provider, attempt, replacesToken);
    // Read by next-auth before its first await; it knows no other way to be told its address.
    process.env.NEXTAUTH_URL = portal.url;
    return await attempts.run(attempt, () => callNextAuth(request, options));
  } catch (error) {
    portal.log.warn({ provider: provider.id, why: scrubbedMessage(error) }, "sign-in failed");
    attempt.error ??= error;
    return null;
  }
}

/** Back to the sign-in page with the reason, and with the place the person wanted to go to, so that a second try leads there. */
async function refuse(portal: IdentityPortal, refusal: SignInRefusal, provider: string, back = "/", again = false): Promise<Response> {
  if (!recordedByStore.includes(refusal) && refusal !== "unavailable") await portal.onRefused(refusal, provider);
  return redirect(portal, `/sign-in?error=${refusal}${again ? "&again=1" : ""}${back === "/" ? "" : `&callbackUrl=${encodeURIComponent(back)}`}`);
}

function redirect(portal: IdentityPortal, path: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ ...noStore, location: `${portal.url}${path}` });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}

/** A redirect would fall under `form-action` of the page that posted the form; a page that moves on does not, and needs no script. */
function leavePage(target: string, cookies: readonly string[]): Response {
  const address = target.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${address}"><title>Signing in</title></head><body><p><a href="${address}">Go on to the sign-in service</a></p></body></html>`;
  const headers = new Headers({ ...noStore, "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(html, { status: 200, headers });
}

async function readForm(request: Request): Promise<URLSearchParams | null> {
  if (!(request.headers.get("content-type") ?? "").startsWith("application/x-www-form-urlencoded") || request.body === null) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > maximumBodyBytes) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

function allCookies(header: string | null): Record<string, string> {
  const names = (header ?? "").split(";").map((part) => part.split("=")[0]?.trim() ?? "").filter((name) => name !== "");
  return Object.fromEntries(names.map((name) => [name, decodeCookie(cookieValue(header, name) ?? "")]));
}

function decodeCookie(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

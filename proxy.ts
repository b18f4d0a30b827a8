import { randomBytes } from "node:crypto";
import { NextResponse } from "next/server";
import type { NextRequest } from "next/server";
import { actionArgumentsRefusal, actionHeadersRefusal } from "#lib/domain/action-request.ts";
import type { ActionRefusal } from "#lib/domain/action-request.ts";
import { checkRequestOrigin, isHostServed, isLoopbackHost, portalOrigins } from "#lib/domain/request-origin.ts";
import { contentSecurityPolicy, securityHeaders } from "#lib/domain/security-headers.ts";
import { loopbackSessionCookie, secureSessionCookie } from "#lib/domain/session-cookie.ts";

/**
 * Stands before every request: refuses foreign hosts and foreign origins, sends whoever has no session to the sign-in page, and gives every
 * answer its headers. Never the only guard: services ask again who calls, sign-in checks the origin itself, tokens need neither.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const portal = portalAddress();
  const { pathname, search } = request.nextUrl;
  const host = request.headers.get("host");
  if (!isHostServed(host, portal) && !isProbe(pathname)) return refuse(421, "This portal answers only at its own address on this machine, such as 127.0.0.1.", portal);

  if (!isDecodable(pathname)) return refuse(400, "This address is no text in UTF-8.", portal, "invalid");

  const cookies = [secureSessionCookie, loopbackSessionCookie];
  const hasSessionCookie = cookies.some((name) => request.cookies.has(name));
  const verdict = checkRequestOrigin(
    { method: request.method, path: pathname, origin: request.headers.get("origin"), secFetchSite: request.headers.get("sec-fetch-site"), hasSessionCookie, hasBearerToken: request.headers.has("authorization") },
    portalOrigins(portal),
  );
  if (!verdict.allowed) return refuse(403, verdict.reason, portal);

  const reads = request.method === "GET" || request.method === "HEAD";
  // Pictures of panels say themselves when nobody is signed in: an image cannot show a sign-in page.
  if (pathname.startsWith("/api/") || pathname.startsWith("/grafana/")) return withHeaders(NextResponse.next(), portal);
  // Cookies of a sign-in belong to one name: on loopback people type any of three.
  if (reads && isOtherLoopbackName(host, portal)) return withHeaders(NextResponse.redirect(new URL(`${pathname}${search}`, portal)), portal);
  if (reads && !hasSessionCookie && pathname !== "/sign-in") return withHeaders(NextResponse.redirect(new URL(`/sign-in?callbackUrl=${encodeURIComponent(`${pathname}${withoutInternals(request)}`)}`, portal)), portal);

  if (!reads) {
    const refusal = await actionRefusal(request);
    if (refusal !== null) return refuse(refusal.status, refusal.reason, portal, "invalid");
  }

  const nonce = randomBytes(16).toString("base64");
  const policy = contentSecurityPolicy({ nonce, development: process.env.NODE_ENV === "development", frameOrigin: process.env.VIGIE_FRAME_ORIGIN || null });
  const headers = new Headers(request.headers);
  // Next reads the nonce for its own scripts from here; pages read x-nonce for theirs.
  headers.set("content-security-policy", policy);
  headers.set("x-nonce", nonce);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return withHeaders(response, portal);
}

export const config = { matcher: ["/((?!_next/static|_next/image|icon\\.svg|favicon\\.ico|robots\\.txt).*)"] };

/** As lib/runtime/identity settled it (server.url of the configuration) at the first readiness check; before that, where the portal listens. */
function portalAddress(): string {
  const host = process.env.HOST ?? "127.0.0.1";
  return process.env.NEXTAUTH_URL ?? `http://${host.includes(":") ? `[${host}]` : host}:${process.env.PORT ?? "3000"}`;
}

/** Next would answer its own 500 to an address that cannot be decoded. */
function isDecodable(pathname: string): boolean {
  try {
    decodeURIComponent(pathname);
    return true;
  } catch {
    return false;
  }
}

function isProbe(pathname: string): boolean {
  return pathname === "/api/healthz" || pathname === "/api/readyz";
}

function isOtherLoopbackName(host: string | null, portal: string): boolean {
  const own = new URL(portal);
  return host !== null && host !== own.host && isLoopbackHost(own.hostname);
}

/** Next's own mark of a client-side navigation is no part of the address. */
function withoutInternals(request: NextRequest): string {
  const parameters = new URLSearchParams(request.nextUrl.search);
  parameters.delete("_rsc");
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Pages are written to by server actions alone, and those take nothing but plain values. */
async function actionRefusal(request: NextRequest): Promise<ActionRefusal | null> {
  const refusal = request.method === "POST" ? actionHeadersRefusal({ actionId: request.headers.get("next-action"), contentType: request.headers.get("content-type"), contentLength: request.headers.get("content-length") }) : { status: 405 as const, reason: `Nothing here takes ${request.method.slice(0, 20)}.` };
  return refusal ?? actionArgumentsRefusal(await request.text());
}

function refuse(status: number, message: string, portal: string, code: "denied" | "invalid" = "denied"): NextResponse {
  return withHeaders(NextResponse.json({ error: { code, message, detail: null, reference: randomBytes(6).toString("hex") } }, { status, headers: { "cache-control": "no-store" } }), portal);
}

function withHeaders(response: NextResponse, portal: string): NextResponse {
  for (const [name, value] of Object.entries(securityHeaders(portal.startsWith("https:")))) response.headers.set(name, value);
  return response;
}

/** Whether a request that changes something comes from our own pages. Pure; the proxy and the sign-in route both ask. */
export interface RequestOriginFacts {
  method: string;
  path: string;
  origin: string | null;
  /** Header Sec-Fetch-Site, which a page cannot set. Absent in programs and in browsers of before 2023. */
  secFetchSite: string | null;
  /** False: a missing Sec-Fetch-Site passes. For what stands behind the proxy, which has asked for it already. */
  siteRequired?: boolean;
  hasSessionCookie: boolean;
  hasBearerToken: boolean;
}

export type OriginVerdict = { allowed: true } | { allowed: false; reason: string };

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
/** Called by programs: the HTTP API with tokens, webhooks with a secret or a signature of their own. */
const apiPath = /^\/api\/(v1|webhooks)(\/|$)/;

/**
 * A request that changes something must name one of our own origins (`allowedOrigins`, as in "https://vigie.example.org"); and
 * Sec-Fetch-Site must be same-origin: browsers send it over https and to this machine, and Vigie is served no other way. X-Forwarded-Host and Host play no part: they can be forged.
 * API calls without a session cookie are exempt, because they carry nothing that a browser adds by itself.
 * Source: OWASP CSRF prevention (verify the origin with standard headers), W3C Fetch Metadata.
 */
export function checkRequestOrigin(facts: RequestOriginFacts, allowedOrigins: readonly string[]): OriginVerdict {
  if (safeMethods.has(facts.method.toUpperCase())) return { allowed: true };
  if (apiPath.test(facts.path) && !facts.hasSessionCookie) return { allowed: true };
  if (facts.origin === null || facts.origin === "") return refuse("it does not say from which page it comes (no Origin header)");
  if (facts.origin === "null") return refuse("it comes from a page without an origin");
  if (!allowedOrigins.includes(facts.origin)) return refuse("it comes from a page of another site");
  if (facts.secFetchSite === null && facts.siteRequired !== false) return refuse("it does not say from which site it comes (no Sec-Fetch-Site header; browsers since 2023 send it)");
  if (facts.secFetchSite !== null && facts.secFetchSite !== "same-origin") return refuse("the browser says that it comes from another site");
  return { allowed: true };
}

function refuse(why: string): OriginVerdict {
  return { allowed: false, reason: `This request was refused because ${why}. Open Vigie at its own address and try again.` };
}

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/** Host name (no port; IPv6 with or without brackets) that only this machine can mean: localhost, 127.0.0.0/8, ::1. */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return loopbackNames.has(name) || name.endsWith(".localhost") || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** Origins of the portal at `url`. On loopback its three names count as one portal, because people type any of them. */
export function portalOrigins(url: string): string[] {
  const own = new URL(url);
  if (!isLoopbackHost(own.hostname)) return [own.origin];
  const port = own.port === "" ? "" : `:${own.port}`;
  return [...new Set([own.origin, ...["127.0.0.1", "localhost", "[::1]"].map((name) => `${own.protocol}//${name}${port}`)])];
}

/**
 * Whether the Host header may be answered. A portal on loopback answers only to loopback names, so that a foreign page whose name
 * was made to point at 127.0.0.1 (DNS rebinding) cannot read it. Elsewhere the ingress decides which names arrive.
 */
export function isHostServed(host: string | null, portalUrl: string): boolean {
  if (!isLoopbackHost(new URL(portalUrl).hostname)) return true;
  if (host === null || !URL.canParse(`http://${host}`)) return false;
  return isLoopbackHost(new URL(`http://${host}`).hostname);
}

/** One slash and no second one, no backslash before the query, nothing that URL parsers drop. */
const plainPath = /^\/(?![/\\])[^\\?#]*([?#]|$)/;

/**
 * A path of this portal to go to after sign-in, or "/" when the wish is anything else (another site, a script, a protocol-relative address). What parsers read
 * differently (backslashes, tabs, "https:evil.example") is refused instead of understood. Source: OWASP, Unvalidated Redirects; WHATWG URL, basic URL parser.
 */
export function safeReturnPath(wish: string | null | undefined, portalUrl: string): string {
  if (!wish || /[\p{Cc}\p{Cs}]/u.test(wish) || !URL.canParse(wish, portalUrl)) return "/";
  const own = portalOrigins(portalUrl).find((origin) => wish.startsWith(`${origin}/`));
  if (!plainPath.test(own === undefined ? wish : wish.slice(own.length))) return "/";
  const target = new URL(wish, portalUrl);
  if (!portalOrigins(portalUrl).includes(target.origin)) return "/";
  const path = `${target.pathname}${target.search}${target.hash}`;
  return path.startsWith("//") || path.startsWith("/sign-in") || path.startsWith("/api/") ? "/" : path;
}

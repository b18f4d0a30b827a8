/** Names of the session cookie. `__Host-` makes browsers insist on TLS, on this host alone and on the whole path (RFC 6265bis 4.1.3.2). */
export const secureSessionCookie = "__Host-vigie-session";
export const loopbackSessionCookie = "vigie-session";

export function sessionCookieName(portalUrl: string): string {
  return portalUrl.startsWith("https:") ? secureSessionCookie : loopbackSessionCookie;
}

/** Value of a cookie in a Cookie header; the first counts when it stands there twice. */
export function cookieValue(header: string | null, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals !== -1 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return null;
}

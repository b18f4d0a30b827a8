/** Headers that every answer of the portal carries, and the content policy of its pages. */

export interface PagePolicy {
  nonce: string;
  /** `next dev` evaluates code and writes style elements. */
  development: boolean;
  /** The one origin whose pages ours may frame ("https://grafana.example.org"); null: none. */
  frameOrigin?: string | null;
}

/** Of the style attribute `display:none`, by which React hides a part of an SVG that it sends late: the only one that pages of ours carry. */
const hashOfHidden = "'sha256-aqNNdDLnnrDOnTNdkJpYlAxKVJtLt9CtFLklmInuUAE='";

/**
 * Scripts run by nonce alone ('strict-dynamic' hands it on to what they load); styles come from our own files or by nonce, and no element carries
 * any inline but React's "hidden"; nothing is framed but one configured origin, nothing is sent anywhere else. Source: W3C CSP level 3, "strict CSP".
 */
export function contentSecurityPolicy({ nonce, development, frameOrigin = null }: PagePolicy): string {
  const directives: Record<string, string[]> = {
    "default-src": ["'self'"],
    "script-src": [`'nonce-${nonce}'`, "'strict-dynamic'", ...(development ? ["'unsafe-eval'"] : [])],
    "style-src": ["'self'", ...(development ? ["'unsafe-inline'"] : [`'nonce-${nonce}'`])],
    "style-src-attr": development ? ["'unsafe-inline'"] : ["'unsafe-hashes'", hashOfHidden],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'", ...(development ? ["ws:"] : [])],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-src": [frameOrigin === null ? "'none'" : originOf(frameOrigin)],
    "frame-ancestors": ["'none'"],
  };
  return Object.entries(directives).map(([name, sources]) => `${name} ${sources.join(" ")}`).join("; ");
}

/** Nothing but an http or https origin goes into a policy: a stray word in it would open more than meant. */
function originOf(given: string): string {
  const url = URL.parse(given);
  return url !== null && /^https?:$/.test(url.protocol) && /^[\w.:[\]-]+$/.test(url.host) ? url.origin : "'none'";
}

/** `secure`: the portal is reached over TLS, so browsers are told to stay there. */
export function securityHeaders(secure: boolean): Record<string, string> {
  return {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    // Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ...(secure ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

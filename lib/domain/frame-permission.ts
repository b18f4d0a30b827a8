/** What an answer's headers say of being framed. Names in lower case; several headers of one name are joined by ", ", as node and fetch give them. */
export interface FrameHeaders {
  "x-frame-options"?: string | undefined;
  "content-security-policy"?: string | undefined;
}

/**
 * Whether a browser lets `origin` frame a page of `pageOrigin`. frame-ancestors is asked before X-Frame-Options, and every policy has to allow it.
 * Sources: CSP level 3 (frame-ancestors), HTML (the X-Frame-Options header: several different values deny, what is unknown is ignored).
 */
export function framePermission(headers: FrameHeaders, pageOrigin: string, origin: string): { allowed: true } | { allowed: false; by: string } {
  const policies = (headers["content-security-policy"] ?? "").split(",").flatMap((policy) => {
    const directive = policy.split(";").map((part) => part.trim().split(/\s+/)).find(([name]) => name?.toLowerCase() === "frame-ancestors");
    return directive === undefined ? [] : [directive.slice(1)];
  });
  if (policies.length > 0) {
    const refusing = policies.find((sources) => !sources.some((source) => matches(source, pageOrigin, origin)));
    return refusing === undefined ? { allowed: true } : { allowed: false, by: `frame-ancestors ${refusing.join(" ") || "'none'"}` };
  }
  const options = new Set((headers["x-frame-options"] ?? "").split(",").map((value) => value.trim().toLowerCase()).filter((value) => ["deny", "sameorigin"].includes(value)));
  if (options.size === 0) return { allowed: true };
  if (options.size === 1 && options.has("sameorigin") && pageOrigin === origin) return { allowed: true };
  return { allowed: false, by: `X-Frame-Options: ${[...options].join(", ")}` };
}

function matches(source: string, pageOrigin: string, origin: string): boolean {
  const own = URL.parse(origin);
  if (own === null || source.toLowerCase() === "'none'") return false;
  if (source === "*") return true;
  if (source.toLowerCase() === "'self'") return pageOrigin === origin;
  if (/^[a-z][a-z0-9+.-]*:$/i.test(source)) return source.toLowerCase() === own.protocol;
  const parts = /^(?:(?<scheme>[a-z][a-z0-9+.-]*):\/\/)?(?<host>\*|(?:\*\.)?[^:/]+|\[[^\]]+\])(?::(?<port>\d+|\*))?(?:\/.*)?$/i.exec(source)?.groups;
  if (parts === undefined) return false;
  const { scheme, host = "", port } = parts;
  // A source without TLS also means the same host with it.
  if (scheme !== undefined && `${scheme.toLowerCase()}:` !== own.protocol && !(scheme.toLowerCase() === "http" && own.protocol === "https:")) return false;
  const hostFits = host === "*" || (host.startsWith("*.") ? own.hostname.endsWith(host.slice(1).toLowerCase()) : own.hostname === host.toLowerCase());
  const usual = own.protocol === "https:" ? "443" : "80";
  return hostFits && (port === "*" || (port ?? usual) === (own.port === "" ? usual : own.port));
}

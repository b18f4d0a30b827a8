import ipaddr from "ipaddr.js";

/**
 * Which addresses outside checks may reach (egress.allow in vigie.yaml). The name is looked at first, and the address it resolves to again when
 * connecting, so that neither a redirect nor a name that changes its address leads inside. After OWASP, "Server-Side Request Forgery Prevention".
 */
export interface EgressRule {
  /** "status.example.org", "*.example.org", "10.0.3.7", "2001:db8::1" (without brackets). */
  host: string;
  wildcard: boolean;
  /** Null: the protocol's own port. */
  port: number | null;
  /** The entry is an IP address. */
  address: boolean;
}

const label = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?";
const hostPattern = new RegExp(`^${label}([.]${label})*$`);

/** "host", "host:port", "*.host", "10.0.0.1:80", "[::1]:80", "::1"; null when it is none of these. */
function parseEntry(entry: string): EgressRule | null {
  const text = entry.trim().toLowerCase();
  if (ipaddr.IPv6.isValid(text)) return { host: ipaddr.parse(text).toString(), wildcard: false, port: null, address: true };
  const parts = /^(?:\[(?<six>[0-9a-f:.]+)\]|(?<name>[^:[\]]+))(?::(?<port>[0-9]{1,5}))?$/.exec(text)?.groups;
  if (parts === undefined) return null;
  const port = parts.port === undefined ? null : Number(parts.port);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  if (parts.six !== undefined) return ipaddr.IPv6.isValid(parts.six) ? { host: ipaddr.parse(parts.six).toString(), wildcard: false, port, address: true } : null;
  const name = (parts.name ?? "").replace(/[.]$/, "");
  if (ipaddr.IPv4.isValidFourPartDecimal(name)) return { host: name, wildcard: false, port, address: true };
  const wildcard = name.startsWith("*.");
  const host = wildcard ? name.slice(2) : name;
  // A last label of digits would be read as an address by URL parsers ("127.1").
  if (!hostPattern.test(host) || /(^|[.])[0-9]+$/.test(host) || (wildcard && !host.includes("."))) return null;
  return { host, wildcard, port, address: false };
}

/** What is expected instead of an entry that cannot be read; null when it can. */
export function egressMistake(entry: string): string | null {
  return parseEntry(entry) === null ? `a host such as status.example.org, *.example.org or 10.0.3.7:8080 (no protocol, no path), not "${entry}"` : null;
}

export function parseEgress(entries: readonly string[]): EgressRule[] {
  return entries.flatMap((entry) => parseEntry(entry) ?? []);
}

function hostOf(url: URL): string {
  const bare = url.hostname.replace(/^\[|\]$/g, "").replace(/[.]$/, "").toLowerCase();
  return ipaddr.IPv6.isValid(bare) ? ipaddr.parse(bare).toString() : bare;
}

function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

function rulesFor(rules: readonly EgressRule[], url: URL): EgressRule[] {
  const host = hostOf(url);
  return rules.filter((rule) => (rule.wildcard ? host.endsWith(`.${rule.host}`) : host === rule.host) && (rule.port === null ? url.port === "" : rule.port === portOf(url)));
}

/** Whether the name and port of an address are allowed. What it resolves to is judged when connecting. */
export function isAllowed(rules: readonly EgressRule[], url: URL): boolean {
  return (url.protocol === "http:" || url.protocol === "https:") && rulesFor(rules, url).length > 0;
}

/** The rule that an address of the configuration is for itself: its host and port, and nothing else. */
export function ownRule(url: URL): EgressRule {
  const host = hostOf(url);
  return { host, wildcard: false, port: portOf(url), address: ipaddr.isValid(host) };
}

/** Why an address is none of the public Internet; null when it is. */
export function publicRefusal(address: string): string | null {
  return refusedAddress([], new URL("https://nowhere.invalid"), address);
}

/** Clouds' metadata services that are not link-local: Azure, Alibaba, Oracle and AWS over IPv6. */
const metadataAddresses = ["168.63.129.16", "100.100.100.200", "fd00:c1::a9fe:a9fe", "fd00:ec2::254"];

/**
 * Whether a connection for `url` may go to this resolved address; a sentence when not. Public addresses may. Private ones and this machine only when an
 * entry names the host with its port, or the address. Link-local ones (cloud metadata), multicast and reserved ones only when an entry names the address.
 */
export function refusedAddress(rules: readonly EgressRule[], url: URL, address: string): string | null {
  if (!ipaddr.isValid(address)) return `${address} is no address`;
  const parsed = ipaddr.process(address); // IPv4 written as IPv6 is judged as IPv4
  const plain = parsed.toString();
  const kind = metadataAddresses.includes(plain) ? "linkLocal" : parsed.range();
  if (kind === "unicast") return null;
  const applying = rulesFor(rules, url);
  if (applying.some((rule) => rule.address && ipaddr.process(rule.host).toString() === plain)) return null;
  const inside = kind === "private" || kind === "loopback" || kind === "uniqueLocal" || kind === "carrierGradeNat";
  if (inside && applying.some((rule) => !rule.wildcard && rule.port !== null)) return null;
  const what = kind === "linkLocal" ? "a link-local address (machines' metadata)" : kind === "loopback" ? "this machine" : inside ? "a private address" : `a reserved address (${kind})`;
  return `${url.hostname} is at ${plain}, ${what}; name ${inside ? `"${hostOf(url)}:${portOf(url)}"` : `"${plain}"`} in egress.allow if that is meant`;
}

import ipaddr from "ipaddr.js";

/** Where a request came from. Pure: the socket's address, the header, and the proxies that are trusted with it are handed in. */
export type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** "10.42.0.0/16", "fd00::/8", or one address; null when it is neither. */
export function parseNetwork(text: string): Network | null {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!isPlainAddress(text)) return null;
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** What is expected instead of an entry of server.trustedProxies; null when it can be read. A network of everybody is refused: it trusts whoever calls. */
export function networkMistake(text: string): string | null {
  const network = parseNetwork(text);
  if (network === null) return `an address or a network such as 10.42.0.0/16, not "${text}"`;
  return network[1] === 0 ? "a network of your proxies: everybody is in this one, so everybody could say where they come from" : null;
}

/** Without the forms in which ipaddr.js reads numbers ("1", "0x7f.1"), which no proxy writes. */
function isPlainAddress(text: string): boolean {
  return ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** An address in one form: IPv4 written as IPv6 as IPv4, without brackets, port or zone. Null when there is none. */
export function plainAddress(text: string): string | null {
  const bare = text.trim().replace(/^"|"$/g, "");
  const parts = /^\[([^\]]+)\](?::\d{1,5})?$|^((?:\d{1,3}\.){3}\d{1,3}):\d{1,5}$/.exec(bare);
  const address = (parts?.[1] ?? parts?.[2] ?? bare).replace(/%.*$/, "");
  return isPlainAddress(address) ? ipaddr.process(address).toString() : null;
}

export function isIn(networks: readonly Network[], address: string): boolean {
  const parsed = ipaddr.process(address);
  return networks.some(([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits));
}

/**
 * The caller's address: the socket's, unless that is a trusted proxy; then the last address of X-Forwarded-For that is not one of the trusted, since each
 * proxy appends what it saw and everything before the first stranger is that stranger's own invention. Null when the socket's is not known.
 */
export function callerAddress(peer: string | null, forwardedFor: string | null, trusted: readonly Network[]): string | null {
  const socket = peer === null ? null : plainAddress(peer);
  if (socket === null || !isIn(trusted, socket)) return socket;
  let nearest = socket;
  for (const hop of (forwardedFor ?? "").split(",").toReversed()) {
    const address = plainAddress(hop);
    if (address === null) return nearest;
    nearest = address;
    if (!isIn(trusted, address)) return address;
  }
  return nearest;
}

/** What an address counts as in limits: IPv6 by its /64, since one caller has all of it. */
export function limitPlace(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`);
  return `${network.toString()}/64`;
}

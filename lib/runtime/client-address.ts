import { callerAddress, parseNetwork } from "#lib/domain/client-address.ts";
import type { Network } from "#lib/domain/client-address.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";

/** Written by the door (lib/runtime/door.ts) over whatever came under this name: the address at the other end of the socket. */
export const peerHeader = "x-vigie-peer";

/** Where a request came from, for the audit log and for limits; never for deciding who may do what. Proxies are believed when server.trustedProxies names them. */
export function clientAddress(request: { headers: Pick<Headers, "get"> }): string {
  return callerAddress(request.headers.get(peerHeader), request.headers.get("x-forwarded-for"), trustedProxies()) ?? "an unknown address";
}

/** Written by the door where something spoke like a proxy, believed or not. */
export const forwardedHeader = "x-vigie-forwarded";

/** Whether a request came straight from a program on this machine: no proxy, known or not, wrote where it comes from. */
export function isStraightFrom(request: Request, isOwn: (address: string) => boolean): boolean {
  return isOwn(request.headers.get(peerHeader) ?? "") && !request.headers.has(forwardedHeader);
}

const parsed = new WeakMap<readonly string[], Network[]>();

/** server.trustedProxies, read once. */
export function trustedProxies(): readonly Network[] {
  const { trustedProxies: given } = getRuntime().config.server;
  const known = parsed.get(given) ?? given.map(parseNetwork).filter((network) => network !== null);
  parsed.set(given, known);
  return known;
}

import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server } from "node:http";
import { isIn, plainAddress } from "#lib/domain/client-address.ts";
import type { Network } from "#lib/domain/client-address.ts";
import { forwardedHeader, peerHeader } from "#lib/runtime/client-address.ts";

/** What only a proxy may say. Next believes X-Forwarded-Host when it compares the origin of an action. */
const forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-forwarded-server", "x-real-ip"];
/** Next's own marks between its parts: from outside they are never meant well. */
const internal = ["x-middleware-subrequest", "x-middleware-rewrite", "x-middleware-next", "x-matched-path", "x-invoke-path", "x-nextjs-data", "x-now-route-matches"];

const wholeRequestMs = 30_000;
const headersMs = 15_000;

const shared = globalThis as typeof globalThis & { vigieDoor?: boolean };

/** Cleans the headers of one request, before anybody has read them. `trusted` are the proxies whose word counts. */
export function cleanHeaders(headers: IncomingMessage["headers"], peer: string | undefined, trusted: readonly Network[]): void {
  const address = plainAddress(peer ?? "");
  const spoke = forwarded.some((name) => headers[name] !== undefined);
  const believed = address !== null && isIn(trusted, address);
  for (const name of believed ? internal : [...forwarded, ...internal]) delete headers[name];
  headers[peerHeader] = address ?? "";
  if (spoke) headers[forwardedHeader] = believed ? "believed" : "removed";
  else delete headers[forwardedHeader];
}

/**
 * Stands at the socket of every server of this process, before Next: writes down who is at the other end, and takes away what only a trusted proxy may say.
 * Node tells of each request on this channel before the server does. Once per process; `onStranger` hears of an address that speaks like a proxy and is none.
 */
export function standAtTheDoor(trusted: () => readonly Network[], onStranger: (address: string) => void): void {
  if (shared.vigieDoor === true) return;
  shared.vigieDoor = true;
  let warned = false;
  subscribe("http.server.request.start", (message) => {
    // The shape is Node's own (diagnostics_channel, "http.server.request.start").
    const { request, server } = message as { request: IncomingMessage; server: Server };
    // A request that trickles in holds its connection no longer than this.
    if (server.requestTimeout !== wholeRequestMs) Object.assign(server, { requestTimeout: wholeRequestMs, headersTimeout: headersMs });
    const peer = request.socket.remoteAddress;
    cleanHeaders(request.headers, peer, trusted());
    if (warned || request.headers[forwardedHeader] !== "removed") return;
    warned = true;
    onStranger(peer ?? "an unknown address");
  });
}

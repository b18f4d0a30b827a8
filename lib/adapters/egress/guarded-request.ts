import { request as requestPlain } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { request as requestTls } from "node:https";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";

/** The rules forbid the address, or what its name resolved to. The message is a clause for people. */
export class Refused extends Error {}

export interface OutgoingReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * Hands out allowed addresses only; the socket connects to what it is handed, so a name that changes a moment later gains nothing.
 * `refuse` says why an address is none to connect to; null: it is one.
 */
export function judgedLookup(refuse: (address: string) => string | null, resolver: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "", 0);
      const addresses = typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
      const refusals = addresses.map(({ address }) => refuse(address));
      const allowed = addresses.filter((_, index) => refusals[index] === null);
      const [first] = allowed;
      if (first === undefined) return callback(new Refused(refusals.find((refusal) => refusal !== null) ?? `${hostname} has no address`), "", 0);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

/** One request on a connection of its own, over the given lookup. Redirects are not followed; an answer longer than maximumBytes is an error. */
export function guardedRequest(url: URL, options: { method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; headers: Readonly<Record<string, string>>; body?: string; signal: AbortSignal; lookup: LookupFunction; maximumBytes: number }): Promise<OutgoingReply> {
  const { method, headers, body, signal, lookup, maximumBytes } = options;
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === "https:" ? requestTls : requestPlain)(url, { method, headers, signal, agent: false, lookup }, (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumBytes) incoming.destroy(new Error(`an answer of more than ${maximumBytes % 1024 === 0 ? `${maximumBytes / 1024} KiB` : `${maximumBytes} bytes`}`));
        else chunks.push(chunk);
      });
      incoming.on("error", reject);
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

import { request as requestPlain } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { request as requestTls } from "node:https";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { isAllowed, refusedAddress } from "#lib/domain/egress.ts";
import type { EgressRule } from "#lib/domain/egress.ts";

/** The rules forbid the address that a name resolved to. */
export class Refused extends Error {}

/** The answer was longer than it may be. */
export class TooLarge extends Error {}

export interface GuardedAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Why an address may not be asked, in a sentence; null when its name may be (what it resolves to is judged when connecting). */
export function refusedUrl(rules: readonly EgressRule[], url: URL): string | null {
  if (url.username !== "" || url.password !== "") return `${url.host} is not asked with a name or password in the address.`;
  if (!isAllowed(rules, url)) return `${url.host} does not stand in egress.allow (vigie.yaml), so it is not asked.`;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const refusal = isIP(host) === 0 ? null : refusedAddress(rules, url, host);
  return refusal === null ? null : `${refusal}.`;
}

/** Hands out allowed addresses only; the socket connects to what it is handed, so a name that changes a moment later gains nothing. */
export function judgedLookup(rules: readonly EgressRule[], url: URL, resolver: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, "", 0);
      const addresses = typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
      const refusals = addresses.map(({ address }) => refusedAddress(rules, url, address));
      const allowed = addresses.filter((_, index) => refusals[index] === null);
      const [first] = allowed;
      if (first === undefined) return callback(new Refused(refusals.find((refusal) => refusal !== null) ?? `${hostname} has no address`), "", 0);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

/** One request on a connection of its own, over the given lookup. Redirects are not followed; an answer longer than maximumBytes is an error. */
export function guardedRequest(url: URL, options: { method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; headers: Readonly<Record<string, string>>; body?: string; signal: AbortSignal; lookup: LookupFunction; maximumBytes: number }): Promise<GuardedAnswer> {
  const { method, headers, body, signal, lookup, maximumBytes } = options;
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === "https:" ? requestTls : requestPlain)(url, { method, headers, signal, agent: false, lookup }, (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumBytes) incoming.destroy(new TooLarge(`its answer is larger than ${maximumBytes / 1024} KiB`));
        else chunks.push(chunk);
      });
      incoming.on("error", reject);
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

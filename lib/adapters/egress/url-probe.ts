import { lookup as resolve } from "node:dns";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { isAllowed, parseEgress, refusedAddress } from "#lib/domain/egress.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { HttpAnswer } from "#lib/ports/outside.ts";

/** A longer answer is not read: a health answer is short. */
const maximumBytes = 256 * 1024;

class Refused extends Error {}

/**
 * GETs addresses that egress.allow names. The name is judged before anything is sent, the address it resolves to when connecting, and the connection goes to
 * that very address: a name that resolves to something else a moment later gains nothing. Redirects are not followed: their 3xx is the answer.
 * Throws VigieError "denied" when the rules forbid the address, "upstream" when nothing answers in time. No credentials are sent, no cookies kept.
 * `resolver` answers names; the system's when left out.
 */
export function createUrlProbe(allow: readonly string[], resolver: LookupFunction = resolve as LookupFunction): (url: string, timeoutMs: number, signal?: AbortSignal) => Promise<HttpAnswer> {
  const rules = parseEgress(allow);

  return async (text, timeoutMs, signal) => {
    const url = URL.parse(text);
    if (url === null) throw new VigieError("denied", `"${text.slice(0, 200)}" is not an address.`);
    if (url.username !== "" || url.password !== "") throw new VigieError("denied", `${url.host} is not asked with a name or password in the address.`);
    if (!isAllowed(rules, url)) throw new VigieError("denied", `${url.host} does not stand in egress.allow (vigie.yaml), so it is not asked.`);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0) {
      const refusal = refusedAddress(rules, url, host);
      if (refusal !== null) throw new VigieError("denied", `${refusal}.`);
    }
    const timeout = AbortSignal.timeout(timeoutMs);
    const combined = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    const begun = performance.now();
    try {
      const { status, body } = await get(url, combined, judged(url));
      return { status, body, elapsedMs: performance.now() - begun };
    } catch (cause) {
      if (cause instanceof Refused) throw new VigieError("denied", `${cause.message}.`, { cause });
      if (signal?.aborted === true) throw signal.reason;
      const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : cause instanceof Error ? cause.message : String(cause);
      throw new VigieError("upstream", `${url.host} cannot be asked: ${why}.`, { cause });
    }
  };

  /** Hands out allowed addresses only; the socket connects to what it is handed. */
  function judged(url: URL): LookupFunction {
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
}

function get(url: URL, signal: AbortSignal, lookup: LookupFunction): Promise<{ status: number; body: string }> {
  return new Promise((resolvePromise, reject) => {
    const headers = { "user-agent": "vigie", accept: "application/health+json, application/json, */*" };
    const outgoing = (url.protocol === "https:" ? requestTls : requestPlain)(url, { method: "GET", headers, signal, agent: false, lookup }, (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumBytes) incoming.destroy(new Error(`its answer is larger than ${maximumBytes / 1024} KiB`));
        else chunks.push(chunk);
      });
      incoming.on("error", reject);
      incoming.on("end", () => resolvePromise({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

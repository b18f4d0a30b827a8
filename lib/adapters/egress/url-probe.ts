import type { LookupFunction } from "node:net";
import { Refused } from "#lib/adapters/egress/guarded-request.ts";
import { ask, wordsOf } from "#lib/adapters/egress/outgoing.ts";
import { parseEgress } from "#lib/domain/egress.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { HttpAnswer } from "#lib/ports/outside.ts";

/** A longer answer is not read: a health answer is short. */
const maximumBytes = 256 * 1024;
const headers = { "user-agent": "vigie", accept: "application/health+json, application/json, */*" };

/**
 * GETs addresses that egress.allow names. The name is judged before anything is sent, the address it resolves to when connecting, and the connection goes to
 * that very address: a name that resolves to something else a moment later gains nothing. Redirects are not followed: their 3xx is the answer.
 * Throws VigieError "denied" when the rules forbid the address, "upstream" when nothing answers in time. No credentials are sent, no cookies kept.
 * `resolver` answers names; the system's when left out.
 */
export function createUrlProbe(allow: readonly string[], resolver?: LookupFunction): (url: string, timeoutMs: number, signal?: AbortSignal) => Promise<HttpAnswer> {
  const reach = parseEgress(allow);

  return async (text, timeoutMs, signal) => {
    const url = URL.parse(text);
    if (url === null) throw new VigieError("denied", `"${text.slice(0, 200)}" is not an address.`);
    const begun = performance.now();
    try {
      const { status, body } = await ask({ method: "GET", url, headers, timeoutMs, maximumBytes, signal, reach, resolver });
      return { status, body: body.toString("utf8"), elapsedMs: performance.now() - begun };
    } catch (cause) {
      if (cause instanceof Refused) throw new VigieError("denied", `${cause.message}.`, { cause });
      if (signal?.aborted === true) throw signal.reason;
      throw new VigieError("upstream", `${url.host} cannot be asked: ${wordsOf(cause)}.`, { cause });
    }
  };
}

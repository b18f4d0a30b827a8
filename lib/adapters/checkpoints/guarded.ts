import { lookup as resolve } from "node:dns";
import type { LookupFunction } from "node:net";
import { guardedRequest, judgedLookup, Refused, refusedUrl } from "#lib/adapters/egress/guarded-request.ts";
import type { GuardedAnswer } from "#lib/adapters/egress/guarded-request.ts";
import { parseEgress } from "#lib/domain/egress.ts";
import { DeliveryError } from "#lib/ports/checkpoints.ts";

const timeoutMs = 10_000;
/** What a place answers is short. */
const maximumBytes = 64 * 1024;

export interface PlaceRequest {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Record<string, string>;
  body?: string;
}

/** Asks a place, where egress.allow leads, judged before and when connecting; redirects are not followed. Throws DeliveryError when nothing answers. */
export function createPlaceClient(allow: readonly string[], resolver: LookupFunction = resolve as LookupFunction): (request: PlaceRequest, signal: AbortSignal) => Promise<GuardedAnswer> {
  const rules = parseEgress(allow);
  return async ({ url, ...request }, signal) => {
    const refusal = refusedUrl(rules, url);
    if (refusal !== null) throw new DeliveryError(refusal);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await guardedRequest(url, { ...request, signal: AbortSignal.any([signal, timeout]), lookup: judgedLookup(rules, url, resolver), maximumBytes });
    } catch (cause) {
      if (cause instanceof Refused) throw new DeliveryError(`${cause.message}.`, { cause });
      const why = timeout.aborted ? `no answer within ${timeoutMs / 1_000} s` : cause instanceof Error ? cause.message : String(cause);
      throw new DeliveryError(`${url.host} cannot be reached: ${why}.`, { cause });
    }
  };
}

import type { LookupFunction } from "node:net";
import { Refused } from "#lib/adapters/egress/guarded-request.ts";
import type { OutgoingReply } from "#lib/adapters/egress/guarded-request.ts";
import { ask, wordsOf } from "#lib/adapters/egress/outgoing.ts";
import { parseEgress } from "#lib/domain/egress.ts";
import { DeliveryError } from "#lib/ports/checkpoints.ts";

/** What a place answers is short. */
const limits = { timeoutMs: 10_000, maximumBytes: 64 * 1024 };

export interface PlaceRequest {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Record<string, string>;
  body?: string;
}

/** Asks a place, where egress.allow leads. Throws DeliveryError when it may not be asked, or nothing answers. */
export function createPlaceClient(allow: readonly string[], resolver?: LookupFunction): (request: PlaceRequest, signal: AbortSignal) => Promise<OutgoingReply> {
  const reach = parseEgress(allow);
  return async (request, signal) => {
    try {
      return await ask({ ...request, ...limits, signal, reach, resolver });
    } catch (cause) {
      throw new DeliveryError(cause instanceof Refused ? `${cause.message}.` : `${request.url.host} cannot be reached: ${wordsOf(cause)}.`, { cause });
    }
  };
}

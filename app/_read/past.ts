import type { Actor } from "#lib/contracts/actor.ts";
import { isVigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readHistory } from "#lib/services/history/at.ts";
import type { Past } from "#components/history/past.tsx";
import type { SpanName } from "#components/history/span.ts";
import { attempt } from "#app/_read/attempt.ts";

/** The overview of the moment that the address names. One that is none, or is still to come, becomes a sentence. */
export async function readPast(context: ServiceContext, actor: Actor, at: string, over: SpanName): Promise<Past> {
  try {
    const read = await attempt(readHistory(context, actor, { at }));
    return read.ok ? { at: read.value.at, over, history: read.value } : { at: null, over, kind: read.kind, sentence: String(read.message) };
  } catch (error) {
    if (isVigieError(error) && error.code === "invalid") return { at: null, over, kind: "unknown", sentence: error.message };
    throw error;
  }
}

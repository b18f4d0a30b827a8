import { elapsedMs } from "#sandbox/controllers/clock.ts";
import type { ControllerContext } from "#sandbox/controllers/context.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const sweepMs = 20_000;
/** A storm of releases writes thousands an hour; nobody reads further back than this. */
const keptEvents = 1_500;

/** Forgets events an hour after they were last written, as the API server's storage does, and the oldest when there are very many. */
export function runEventExpiry({ store, clock, times, onError }: ControllerContext): () => void {
  function sweep(): void {
    try {
      const newestFirst = store.list("events").map((event) => ({ event, lastMs: lastMsOf(event) })).toSorted((left, right) => right.lastMs - left.lastMs);
      for (const [index, { event, lastMs }] of newestFirst.entries()) {
        if (index >= keptEvents || elapsedMs(clock, lastMs) > times.eventTtlMs) store.delete("events", event.metadata.namespace, event.metadata.name);
      }
    } catch (error) {
      onError("event-expiry", error);
    }
    cancel = clock.after(sweepMs, sweep);
  }
  let cancel = clock.after(sweepMs, sweep);
  return () => cancel();
}

function lastMsOf(event: KubeObject): number {
  return Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp);
}

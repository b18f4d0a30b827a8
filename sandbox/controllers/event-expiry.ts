import { elapsedMs } from "#sandbox/controllers/clock.ts";
import type { ControllerContext } from "#sandbox/controllers/context.ts";

/** Forgets events an hour after they were last written, as the API server's storage does. */
export function runEventExpiry({ store, clock, times, onError }: ControllerContext): () => void {
  function sweep(): void {
    try {
      for (const event of store.list("events")) {
        const last = event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
        if (elapsedMs(clock, Date.parse(last)) > times.eventTtlMs) store.delete("events", event.metadata.namespace, event.metadata.name);
      }
    } catch (error) {
      onError("event-expiry", error);
    }
    cancel = clock.after(60_000, sweep);
  }
  let cancel = clock.after(60_000, sweep);
  return () => cancel();
}

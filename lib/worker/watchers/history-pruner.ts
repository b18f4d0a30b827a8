import type { Database } from "#lib/db/client.ts";
import { pruneEvents } from "#lib/db/repositories/history.ts";
import { pruneStateHistory } from "#lib/db/repositories/state.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

export const historyDays = 90;
const everyMs = 3_600_000;
const batchRows = 1_000;
/** What is left over after so many batches waits for the next hour: pruning must not be felt. */
const mostBatches = 20;

export interface HistoryPruner {
  /** Call often; acts once an hour, while the lease is held. */
  look(): void;
  idle(): Promise<void>;
}

/** Forgets how Big Pods were more than 90 days ago, and events as old, in small batches. What cannot be done now is tried again in an hour. */
export function createHistoryPruner({ db, lease, clock, log }: { db: Database; lease: () => LeaseToken | null; clock: Clock; log: Log }): HistoryPruner {
  let lastAt = -Infinity;
  let running: Promise<void> = Promise.resolve();

  async function prune(): Promise<void> {
    let rows = 0;
    try {
      for (const forget of [pruneStateHistory, pruneEvents]) {
        for (let batch = 0; batch < mostBatches && lease() !== null; batch += 1) {
          const deleted = await forget(db, historyDays, batchRows);
          rows += deleted;
          if (deleted < batchRows) break;
        }
      }
      if (rows > 0) log.info({ rows, days: historyDays }, "old history was forgotten");
    } catch (error) {
      log.warn({ err: error }, "old history could not be forgotten; it is tried again in an hour");
    }
  }

  return {
    look() {
      const now = clock.now().getTime();
      if (lease() === null || now - lastAt < everyMs) return;
      lastAt = now;
      running = prune();
    },
    idle: () => running,
  };
}

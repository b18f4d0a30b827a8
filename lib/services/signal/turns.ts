import type { Database } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";

/** Messages that wait in one process, each up to 1 MiB; more are refused, and sent again by Alertmanager. */
const mostWaiting = 100;

const queues = new WeakMap<Database, { last: Promise<unknown>; waiting: number }>();

/**
 * One after the other within this process: those who wait for the lock of alerts would each hold a connection of the pool, and nobody else could ask anything.
 * Throws VigieError "unavailable" when too many wait.
 */
export function inTurn<Result>(db: Database, work: () => Promise<Result>): Promise<Result> {
  const queue = queues.get(db) ?? { last: Promise.resolve(), waiting: 0 };
  queues.set(db, queue);
  if (queue.waiting >= mostWaiting) return Promise.reject(new VigieError("unavailable", "Too many messages about alerts come at once. Send it again in a few seconds; Alertmanager does so by itself."));
  queue.waiting += 1;
  const mine = queue.last.then(work).finally(() => (queue.waiting -= 1));
  queue.last = mine.catch(() => undefined);
  return mine;
}

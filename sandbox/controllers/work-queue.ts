import type { Clock } from "#sandbox/controllers/clock.ts";

/** Keys waiting to be reconciled; a key that is added again while it waits is handled once. */
export interface WorkQueue {
  add(key: string): void;
  /** Handles the key in `delayMs` of sandbox time at the latest; an earlier appointment stands. */
  addAfter(key: string, delayMs: number): void;
}

export interface WorkQueueOptions {
  name: string;
  clock: Clock;
  reconcile: (key: string) => void;
  onError: (where: string, error: unknown) => void;
}

const firstRetryMs = 100;
const lastRetryMs = 30_000;

/** A queue that runs on the clock, so stopping the clock stops it. A key whose reconcile throws is tried again later. */
export function createWorkQueue({ name, clock, reconcile, onError }: WorkQueueOptions): WorkQueue {
  const dirty = new Set<string>();
  const failures = new Map<string, number>();
  const appointments = new Map<string, { dueMs: number; cancel: () => void }>();
  let flushing: (() => void) | undefined;

  function handle(key: string): void {
    try {
      reconcile(key);
      failures.delete(key);
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      onError(`${name} ${key}`, error);
      addAfter(key, Math.min(lastRetryMs, firstRetryMs * 2 ** (count - 1)));
    }
  }

  function flush(): void {
    flushing = undefined;
    const keys = [...dirty];
    dirty.clear();
    for (const key of keys) handle(key);
  }

  function add(key: string): void {
    dirty.add(key);
    flushing ??= clock.soon(flush);
  }

  function addAfter(key: string, delayMs: number): void {
    const dueMs = clock.now() + delayMs / clock.speed;
    const known = appointments.get(key);
    if (known && known.dueMs <= dueMs) return;
    known?.cancel();
    const cancel = clock.after(delayMs, () => {
      appointments.delete(key);
      add(key);
    });
    appointments.set(key, { dueMs, cancel });
  }

  return { add, addAfter };
}

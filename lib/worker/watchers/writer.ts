import type { BigPodState, SourceState } from "#lib/contracts/state.ts";
import type { Database } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { readStoredPositions, writeSource, writeState } from "#lib/db/repositories/state.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { sameState } from "#lib/worker/watchers/environment-view.ts";

/** At most ten writes a second per Big Pod; the first of a burst at once, the last of it always. */
const minimumGapMs = 100;
const contactEveryMs = 2_000;
const retryMinimumMs = 100;
const retryMaximumMs = 2_000;
const transactionTimeoutMs = 8_000;
/** Between two looks at whether what was written is still there. */
const verifyEveryMs = 5_000;

export interface StateWriter {
  putState(state: BigPodState): void;
  putSource(source: SourceState): void;
  /** What is stored already, so that only differences are written. Forgets everything that was waiting. */
  begin(stored: { states: readonly BigPodState[]; sources: readonly SourceState[] }): void;
  /**
   * Call often: looks every five seconds, and at once after the database was away, whether it still has what was committed. A crash of a server that
   * answers before it has written to disk, or a failover to a replica that lags, loses the last commits while the lease goes on.
   */
  verify(): void;
  /** Resolves when nothing is waiting any more (all written), or the writer has stopped. */
  idle(): Promise<void>;
  /** Tries once more to write what is waiting, within timeoutMs, then stops. */
  stop(timeoutMs: number): Promise<void>;
}

type Item = { kind: "state"; state: BigPodState } | { kind: "source"; source: SourceState; contactOnly: boolean };

/**
 * Writes states and sources that changed, one transaction for all that are due: lease check, position, rows, notices. A newer value replaces a waiting one;
 * with the database away the newest of each waits and is tried again, nothing else stops. Writes of a worker that lost its lease are dropped.
 * `onLoss`: the database no longer has what it had committed; whoever wrote must read it anew and begin again.
 */
export function createStateWriter(parts: { db: Database; lease: () => LeaseToken | null; log: Log; onLoss?: () => void }): StateWriter {
  const { db, lease, log } = parts;
  const waiting = new Map<string, Item>();
  const writtenStates = new Map<string, BigPodState>();
  const writtenSources = new Map<string, SourceState>();
  const lastWrite = new Map<string, number>();
  /** Positions that were seen committed, by key: the database must have them, or later ones. */
  const committed = new Map<string, bigint>();
  let verifiedAt = -Infinity;
  let verifying: Promise<void> | null = null;
  const idlers = new Set<() => void>();
  let timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  let writing: Promise<void> | null = null;
  let failures = 0;
  let generation = 0;
  let stopped = false;

  const keyOf = (item: Item): string => (item.kind === "state" ? `state ${item.state.environment}/${item.state.bigPod}` : `source ${item.source.key}`);

  function arm(delayMs: number): void {
    if (stopped || writing || waiting.size === 0) return;
    clearTimer();
    timer = delayMs <= 0 ? setImmediate(flush) : setTimeout(flush, delayMs);
  }
  function clearTimer(): void {
    if (timer === undefined) return;
    clearTimeout(timer as NodeJS.Timeout);
    clearImmediate(timer as NodeJS.Immediate);
    timer = undefined;
  }

  /** Milliseconds until a waiting item may be written. */
  function dueInMs(key: string, item: Item, now: number): number {
    const gapMs = item.kind === "source" && item.contactOnly ? contactEveryMs : minimumGapMs;
    return (lastWrite.get(key) ?? -Infinity) + gapMs - now;
  }

  function next(): void {
    if (waiting.size === 0) {
      for (const resolve of idlers) resolve();
      idlers.clear();
      return;
    }
    const now = performance.now();
    const soonest = Math.min(...[...waiting].map(([key, item]) => dueInMs(key, item, now)));
    const backOffMs = failures === 0 ? 0 : Math.min(retryMaximumMs, retryMinimumMs * 2 ** (failures - 1));
    arm(Math.max(soonest, backOffMs));
  }

  /** Returns the position it was committed under. */
  async function write(token: LeaseToken, items: readonly Item[]): Promise<bigint | null> {
    return await db.$transaction(
      async (tx) => {
        await assertLease(tx, token);
        const told = items.some((item) => item.kind === "state" || !item.contactOnly);
        const position = told ? await nextPosition(tx) : null;
        for (const item of items) {
          if (item.kind === "state" && position !== null) {
            await writeState(tx, item.state, position);
            await publish(tx, "state", `${item.state.environment}/${item.state.bigPod}`, position);
          } else if (item.kind === "source") {
            await writeSource(tx, item.source, item.contactOnly ? null : position);
            if (!item.contactOnly && position !== null) await publish(tx, "source", item.source.key, position);
          }
        }
        return position;
      },
      { maxWait: 2_000, timeout: transactionTimeoutMs },
    );
  }

  function flush(): void {
    timer = undefined;
    if (writing || stopped) return;
    const token = lease();
    if (token === null) {
      waiting.clear();
      return next();
    }
    const now = performance.now();
    const due = [...waiting].filter(([key, item]) => dueInMs(key, item, now) <= 1);
    if (due.length === 0) return next();
    const began = generation;
    const items = due.map(([, item]) => item);
    writing = write(token, items)
      .then((position) => {
        if (failures > 0) {
          log.info({ failures }, "states are written again");
          verifiedAt = -Infinity;
        }
        failures = 0;
        if (began !== generation) return;
        for (const [key, item] of due) {
          if (position !== null && (item.kind === "state" || !item.contactOnly)) committed.set(key, position);
          lastWrite.set(key, performance.now());
          if (waiting.get(key) === item) waiting.delete(key);
          if (item.kind === "state") writtenStates.set(key, item.state);
          else writtenSources.set(key, item.source);
          const left = waiting.get(key);
          // What came meanwhile may be what was just written.
          if (left && isWritten(left)) waiting.delete(key);
        }
      })
      .catch((error: unknown) => {
        if (error instanceof LeaseLost) {
          log.warn({ err: error }, "states are not written: another worker observes");
          if (began === generation) waiting.clear();
          return;
        }
        failures += 1;
        if (failures === 1) log.warn({ err: error }, "states cannot be written; they are kept and tried again");
      })
      .finally(() => {
        writing = null;
        next();
      });
  }

  const raise = (key: string, position: bigint): void => void (position > (committed.get(key) ?? -1n) && committed.set(key, position));

  async function compare(): Promise<void> {
    const expected = new Map(committed);
    const began = generation;
    const { states, sources } = await readStoredPositions(db);
    const stored = (key: string): bigint => (key.startsWith("state ") ? states.get(key.slice(6)) : sources.get(key.slice(7))) ?? -1n;
    const lost = [...expected].filter(([key, position]) => stored(key) < position).map(([key]) => key);
    if (began !== generation || stopped || lease() === null) return;
    if (lost.length === 0) {
      for (const [key, position] of states) raise(`state ${key}`, position);
      for (const [key, position] of sources) raise(`source ${key}`, position);
      return;
    }
    log.warn({ lost: lost.length, first: lost[0] }, "the database has lost what it had committed; it is read anew and written again");
    committed.clear();
    parts.onLoss?.();
  }

  function isWritten(item: Item): boolean {
    const key = keyOf(item);
    if (item.kind === "state") {
      const before = writtenStates.get(key);
      if (before === item.state) return true;
      if (before === undefined || !sameState(before, item.state)) return false;
      // The next look is by identity: a view hands out the same object while nothing changes.
      writtenStates.set(key, item.state);
      return true;
    }
    const before = writtenSources.get(key);
    return before !== undefined && before.status === item.source.status && before.reason === item.source.reason && before.required === item.source.required && before.contactAt === item.source.contactAt;
  }

  function put(item: Item): void {
    if (stopped) return;
    const key = keyOf(item);
    if (isWritten(item)) {
      waiting.delete(key);
      return;
    }
    waiting.set(key, item);
    next();
  }

  return {
    putState: (state) => put({ kind: "state", state }),
    putSource(source) {
      const before = writtenSources.get(`source ${source.key}`);
      const contactOnly = before !== undefined && before.status === source.status && before.reason === source.reason && before.required === source.required && before.title === source.title;
      put({ kind: "source", source, contactOnly });
    },
    verify() {
      const now = performance.now();
      if (stopped || verifying !== null || failures > 0 || lease() === null || now - verifiedAt < verifyEveryMs) return;
      verifiedAt = now;
      verifying = compare()
        .catch((error: unknown) => {
          verifiedAt = -Infinity;
          log.debug({ err: error }, "what is stored could not be compared; it is tried again");
        })
        .finally(() => (verifying = null));
    },
    begin(stored) {
      generation += 1;
      committed.clear();
      waiting.clear();
      writtenStates.clear();
      writtenSources.clear();
      for (const state of stored.states) writtenStates.set(`state ${state.environment}/${state.bigPod}`, state);
      for (const source of stored.sources) writtenSources.set(`source ${source.key}`, source);
    },
    async idle() {
      if (waiting.size === 0 && writing === null) return;
      await new Promise<void>((resolve) => void idlers.add(resolve));
    },
    async stop(timeoutMs) {
      clearTimer();
      const token = lease();
      const finish = async (): Promise<void> => {
        await writing;
        await verifying;
        if (waiting.size > 0 && token !== null) await write(token, [...waiting.values()]);
      };
      let limit: NodeJS.Timeout | undefined;
      await Promise.race([finish().catch((error: unknown) => log.warn({ err: error }, "the last states were not written")), new Promise((resolve) => (limit = setTimeout(resolve, timeoutMs)))]);
      clearTimeout(limit);
      stopped = true;
      clearTimer();
      for (const resolve of idlers) resolve();
      idlers.clear();
    },
  };
}

import type { Clock } from "#sandbox/controllers/clock.ts";

export interface TestClock extends Clock {
  /** Lets sandbox time pass: timers fire in order, each followed by all the work it caused. */
  run(ms: number): void;
  /** Runs until the condition holds; throws after `limitMs` of sandbox time. */
  runUntil(condition: () => boolean, limitMs?: number): void;
  /** Time passes and nothing runs, as when the machine is busy elsewhere: what was due in between is late. */
  holdUp(ms: number): void;
  readonly waiting: number;
}

/** Time that stands still until a test moves it. */
export function createTestClock(startMs = Date.parse("2026-11-21T08:00:00Z")): TestClock {
  let nowMs = startMs;
  let serial = 0;
  const timers = new Map<number, { dueMs: number; run: () => void }>();
  const work = new Map<number, () => void>();

  function settle(): void {
    for (let rounds = 0; work.size > 0; rounds++) {
      if (rounds > 10_000) throw new Error("the controllers never come to rest");
      const [id, run] = work.entries().next().value ?? [0, () => undefined];
      work.delete(id);
      run();
    }
  }

  function step(untilMs: number): boolean {
    settle();
    let next: [number, { dueMs: number; run: () => void }] | undefined;
    for (const entry of timers) if (!next || entry[1].dueMs < next[1].dueMs) next = entry;
    if (!next || next[1].dueMs > untilMs) return false;
    timers.delete(next[0]);
    nowMs = Math.max(nowMs, next[1].dueMs);
    next[1].run();
    settle();
    return true;
  }

  return {
    speed: 1,
    now: () => nowMs,
    after(delayMs, run) {
      const id = ++serial;
      timers.set(id, { dueMs: nowMs + Math.max(0, delayMs), run });
      return () => timers.delete(id);
    },
    soon(run) {
      const id = ++serial;
      work.set(id, run);
      return () => work.delete(id);
    },
    stop() {
      timers.clear();
      work.clear();
    },
    run(ms) {
      const untilMs = nowMs + ms;
      while (step(untilMs));
      nowMs = untilMs;
    },
    runUntil(condition, limitMs = 600_000) {
      const untilMs = nowMs + limitMs;
      settle();
      while (!condition()) {
        if (!step(untilMs)) throw new Error(`still not so after ${limitMs} ms of sandbox time`);
      }
    },
    holdUp(ms) {
      nowMs += ms;
    },
    get waiting() {
      return timers.size + work.size;
    },
  };
}

import { describe, expect, test } from "vitest";
import { inOrder, operationPriority, preempts, remaining, spreadWords, waitsOf } from "#lib/domain/queue.ts";
import type { QueueMember } from "#lib/domain/queue.ts";

const now = new Date("2026-11-21T12:00:00.000Z");
const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);
let count = 0;
function member(change: Partial<QueueMember>): QueueMember {
  count += 1;
  return {
    id: `o${count}`, title: `Promote R-${count} to prod`, actor: "Rafael", status: "queued", priority: 0, requestedAt: ago(60), startedAt: null, number: count, abortRequested: false,
    duration: { seconds: 60, lowSeconds: 40, highSeconds: 90 }, notBefore: null, approvals: { required: 0, given: 0, until: null }, ...change,
  };
}

test("what runs first, then rollbacks, then by the time of asking; those that await or are scheduled stand in no queue", () => {
  const [late, early, rollback, running, awaiting, scheduled] = [
    member({ requestedAt: ago(10) }), member({ requestedAt: ago(50) }), member({ requestedAt: ago(5), priority: operationPriority("rollback") }), member({ status: "running", requestedAt: ago(1) }), member({ status: "awaiting" }), member({ status: "scheduled" }),
  ];
  expect(inOrder([late, early, rollback, running, awaiting, scheduled])).toEqual([running, rollback, early, late]);
});

test("asked for in the same millisecond: the lower number first", () => {
  const [one, two] = [member({}), member({})];
  expect(inOrder([two, one])).toEqual([one, two]);
});

describe("waiting for a turn", () => {
  const running = member({ status: "running", title: "Promote R-9 to prod", actor: "Vera", startedAt: ago(50) });
  const first = member({ requestedAt: ago(30) });
  const second = member({ requestedAt: ago(20), duration: null });
  const third = member({ requestedAt: ago(10) });
  const all = [third, second, first, running];

  test("behind what runs, for what is left of it", () => {
    expect(waitsOf(first.id, all, now)).toEqual({ for: "turn", sentence: 'Behind "Promote R-9 to prod" (Vera)', until: null, position: 1, estimate: { seconds: 10, lowSeconds: 0, highSeconds: 40 } });
  });
  test("behind several: their times add up", () => {
    expect(waitsOf(second.id, all, now)).toMatchObject({ position: 2, sentence: 'Behind "Promote R-9 to prod" (Vera) and 1 more', estimate: { seconds: 70, lowSeconds: 40, highSeconds: 130 } });
  });
  test("one of them without history: no estimate at all", () => {
    expect(waitsOf(third.id, all, now)).toMatchObject({ position: 3, sentence: 'Behind "Promote R-9 to prod" (Vera) and 2 more', estimate: null });
  });
  test("nobody ahead", () => {
    expect(waitsOf(first.id, [first], now)).toMatchObject({ position: 1, sentence: "Begins in a moment", estimate: { seconds: 0, lowSeconds: 0, highSeconds: 0 } });
  });
  test("behind what is being aborted", () => {
    expect(waitsOf(first.id, [first, { ...running, abortRequested: true }], now)).toMatchObject({ sentence: 'Behind "Promote R-9 to prod" (Vera), which is being aborted' });
  });
  test("what overruns its history has nothing left, not less", () => {
    expect(remaining({ ...running, startedAt: ago(600) }, now)).toEqual({ seconds: 0, lowSeconds: 0, highSeconds: 0 });
  });
});

test.each([
  [{ required: 1, given: 0 }, "Waits for 1 approval"],
  [{ required: 2, given: 0 }, "Waits for 2 approvals"],
  [{ required: 2, given: 1 }, "Waits for 1 more approval: 1 of 2 given"],
  [{ required: 2, given: 2 }, "Approved; it goes on in a moment"],
])("awaiting %j", (approvals, sentence) => {
  const awaiting = member({ status: "awaiting", approvals: { ...approvals, until: now } });
  expect(waitsOf(awaiting.id, [awaiting], now)).toEqual({ for: "approvals", sentence, until: now.toISOString(), position: null, estimate: null });
});

test("scheduled: for the window, and when it opens", () => {
  const scheduled = member({ status: "scheduled", notBefore: now });
  expect(waitsOf(scheduled.id, [scheduled], now)).toMatchObject({ for: "window", until: now.toISOString(), position: null });
});

test("what runs, or is not there, waits for nothing", () => {
  const running = member({ status: "running" });
  expect([waitsOf(running.id, [running], now), waitsOf("gone", [running], now)]).toEqual([null, null]);
});

test.each([
  ["rollback", "promotion", true], ["rollback", "restart", true], ["rollback", "scale", true], ["rollback", "drill", true], ["rollback", "rollback", false], ["promotion", "restart", false], ["restart", "promotion", false],
])("a %s interrupts a %s: %s", (kind, running, expected) => {
  expect(preempts(kind, { kind: running })).toBe(expected);
});

test.each([
  [null, null],
  [{ seconds: 40, lowSeconds: 30, highSeconds: 80 }, "about 40 s (30–80)"],
  [{ seconds: 130, lowSeconds: 60, highSeconds: 300 }, "about 2 min (1–5)"],
])("%j in words", (spread, words) => {
  expect(spreadWords(spread)).toBe(words);
});

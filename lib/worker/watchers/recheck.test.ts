import { describe, expect, test } from "vitest";
import { busyRecheckMs, calmRecheckMs, leastRecheckMs, mostDueAtOnce, mostOverdue, untilNextLook } from "#lib/worker/watchers/recheck.ts";

/** Lets looks follow one another as a view does, with time that passes between them only. */
function looks(count: number, everyMs: number, forMs: number): { atOnce: number[]; longestMs: number } {
  const looked = new Map(Array.from({ length: count }, (_, index) => [`unit-${index}`, { dueAt: 0 }]));
  const lastAt = new Map<string, number>();
  const atOnce: number[] = [];
  let longestMs = 0;
  for (let now = 0; now < forMs; now += untilNextLook(looked, now)) {
    const due = mostOverdue(looked, now);
    atOnce.push(due.size);
    for (const bigPod of due) {
      longestMs = Math.max(longestMs, now - (lastAt.get(bigPod) ?? 0));
      lastAt.set(bigPod, now);
      looked.set(bigPod, { dueAt: now + everyMs });
    }
  }
  expect(lastAt.size).toBe(count);
  return { atOnce, longestMs };
}

describe("what is looked at again for time's sake", () => {
  test("the longest overdue first, whoever is not due not at all", () => {
    const looked = new Map([["late", { dueAt: 10 }], ["later", { dueAt: 5 }], ["now", { dueAt: 100 }], ["not yet", { dueAt: 101 }]]);
    expect([...mostOverdue(looked, 100)]).toEqual(["later", "late", "now"]);
  });

  test("three hundred that were read in the same moment are never folded in the same moment again, and none is left out", () => {
    const { atOnce, longestMs } = looks(300, calmRecheckMs, 60_000);
    expect(Math.max(...atOnce)).toBe(mostDueAtOnce);
    // All of them fit into the ten seconds, so nobody waits for longer than the first round took.
    expect(longestMs).toBeLessThanOrEqual(calmRecheckMs + Math.ceil(300 / mostDueAtOnce) * leastRecheckMs);
  });

  test("of a hundred that need a look each second none waits for longer than another second", () => {
    expect(looks(100, busyRecheckMs, 30_000).longestMs).toBeLessThanOrEqual(2 * busyRecheckMs);
  });

  test("the next look is neither a storm nor later than a calm one", () => {
    expect(untilNextLook(new Map(), 0)).toBe(busyRecheckMs);
    expect(untilNextLook(new Map([["overdue", { dueAt: 0 }]]), 5_000)).toBe(leastRecheckMs);
    expect(untilNextLook(new Map([["far", { dueAt: 90_000 }]]), 0)).toBe(calmRecheckMs);
  });
});

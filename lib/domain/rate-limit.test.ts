import fc from "fast-check";
import { expect, test } from "vitest";
import { limitHeaders, limitSentence, refusalHeaders, standing, stepSeconds } from "#lib/domain/rate-limit.ts";
import type { Limit } from "#lib/domain/rate-limit.ts";

const limit: Limit = { name: "change", quota: 60, windowSeconds: 60 };

/** The rule of lib/db/repositories/rate-limit.ts over made-up times: how many of these uses are let through. */
function allowedAt(given: Limit, timesSeconds: readonly number[]): number[] {
  let wholeAt = Number.NEGATIVE_INFINITY;
  return timesSeconds.filter((now) => {
    const next = Math.max(wholeAt, now) + stepSeconds(given);
    if (next > now + given.windowSeconds + 1e-6) return false;
    wholeAt = next;
    return true;
  });
}

test("however uses come, no window holds more than twice the quota, and over long times no more than the quota each", () => {
  const times = fc.array(fc.double({ min: 0, max: 600, noNaN: true }), { maxLength: 400 }).map((list) => list.toSorted((a, b) => a - b));
  fc.assert(fc.property(times, fc.integer({ min: 1, max: 50 }), (all, quota) => {
    const given: Limit = { name: "read", quota, windowSeconds: 60 };
    const passed = allowedAt(given, all);
    for (const from of passed) expect(passed.filter((at) => at >= from && at < from + 60).length).toBeLessThanOrEqual(2 * quota);
    expect(passed.length).toBeLessThanOrEqual(quota * (600 / 60 + 1) + 1);
    // Never a refusal of the first, and a whole quota may come at once.
    expect(all.slice(0, quota).every((at) => passed.includes(at))).toBe(true);
  }), { seed: 20261121, numRuns: 60 });
});

test.each<[number, boolean, { remaining: number; resetSeconds: number; retryAfterSeconds: number }]>([
  [1, true, { remaining: 59, resetSeconds: 1, retryAfterSeconds: 0 }],
  [59.9999, true, { remaining: 0, resetSeconds: 60, retryAfterSeconds: 1 }],
  [59.5, false, { remaining: 0, resetSeconds: 60, retryAfterSeconds: 1 }],
  [60, false, { remaining: 0, resetSeconds: 60, retryAfterSeconds: 1 }],
  [-5, true, { remaining: 60, resetSeconds: 0, retryAfterSeconds: 0 }],
])("whole in %d s, allowed %s", (ahead, allowed, expected) => {
  expect(standing(limit, ahead, allowed)).toEqual({ allowed, ...expected });
});

test("headers are those of the draft, and Retry-After only stands on a refusal", () => {
  expect(limitHeaders(limit, standing(limit, 1, true))).toEqual({ "ratelimit-policy": '"change";q=60;w=60', ratelimit: '"change";r=59;t=1' });
  expect(refusalHeaders({ limit: "change", quota: 60, windowSeconds: 60, retryAfterSeconds: 7 })).toEqual({ "ratelimit-policy": '"change";q=60;w=60', ratelimit: '"change";r=0;t=7', "retry-after": "7" });
  expect(refusalHeaders({ limit: "nothing" })).toEqual({});
  expect(refusalHeaders(null)).toEqual({});
  expect(limitSentence(limit, 7)).toBe("Too many changes of yours: 60 in a minute are allowed. Nothing was done; try again in 7 s.");
});

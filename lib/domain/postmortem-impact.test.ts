import { expect, test } from "vitest";
import { impactOf } from "#lib/domain/postmortem-impact.ts";

const fromMs = Date.parse("2026-11-21T03:00:00Z");
const at = (minutes: number): number => fromMs + minutes * 60_000;
const series = (...values: (number | null)[]) => [{ name: "all", values }];

test("sums and peaks between onset and end, by hand", () => {
  // One point a minute; the incident is from minute 1 to minute 4: points 2, 3, 4. 10, 20, 30 requests a second, a tenth, a half and none of which failed.
  const impact = impactOf({ fromMs, stepSeconds: 60, requests: series(99, 99, 10, 20, 30, 99), errors: series(1, 1, 0.1, 0.5, 0, 1), latency: series(9, 9, 0.2, 1.5, 0.3, 9) }, at(1), at(4));
  expect(impact).toEqual({ requests: 3_600, failed: 60 + 600, worstRatio: { value: 0.5, at: "2026-11-21T03:03:00.000Z" }, worstLatency: { value: 1.5, at: "2026-11-21T03:03:00.000Z" }, measured: 1 });
});

test("a gap is not zero: it is left out and said", () => {
  const impact = impactOf({ fromMs, stepSeconds: 60, requests: series(0, null, 10, null, 10), errors: series(null, null, null, null, 0.2), latency: [] }, at(0), at(4));
  expect(impact).toEqual({ requests: 1_200, failed: 120, worstRatio: { value: 0.2, at: "2026-11-21T03:04:00.000Z" }, worstLatency: null, measured: 0.5 });
});

test("nothing measured is nothing known", () => {
  expect(impactOf({ fromMs, stepSeconds: 60, requests: [], errors: [], latency: [] }, at(0), at(4))).toEqual({ requests: null, failed: null, worstRatio: null, worstLatency: null, measured: 0 });
  expect(impactOf({ fromMs, stepSeconds: 60, requests: series(null, null), errors: series(null, null), latency: [] }, at(0), at(4))).toMatchObject({ requests: null, failed: null });
});

test("no requests is no failure", () => {
  expect(impactOf({ fromMs, stepSeconds: 60, requests: series(0, 0, 0), errors: series(null, null, null), latency: [] }, at(0), at(4))).toMatchObject({ requests: 0, failed: 0, worstRatio: null });
});

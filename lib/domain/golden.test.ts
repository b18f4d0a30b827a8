import { describe, expect, test } from "vitest";
import { errorRatio, fillGoldenQuery, goldenGrid, goldenPoints, mostGoldenPoints, onGrid, perSecond } from "#lib/domain/golden.ts";

const at = Date.parse("2026-11-21T14:00:03.500Z");
const minute = 60_000;

describe("the moments that are asked for", () => {
  test.each<[number, number]>([[15 * minute, 5], [60 * minute, 15], [360 * minute, 120], [24 * 60 * minute, 300], [7 * 24 * 60 * minute, 3_600], [1_000, 5]])("%d ms are asked in steps of %d s", (spanMs, stepSeconds) => {
    const grid = goldenGrid(at - spanMs, at, 60);
    expect(grid.stepSeconds).toBe(stepSeconds);
    expect(grid.count).toBeLessThanOrEqual(mostGoldenPoints);
    expect(grid.windowSeconds).toBe(Math.max(60, stepSeconds));
    expect([grid.fromMs % (stepSeconds * 1000), grid.toMs % (stepSeconds * 1000)]).toEqual([0, 0]);
    expect(grid.fromMs + (grid.count - 1) * stepSeconds * 1000).toBe(grid.toMs);
  });

  test("are the same a second later, so that nothing jumps", () => {
    expect(goldenGrid(at - 15 * minute + 1_000, at + 1_000, 60)).toEqual(goldenGrid(at - 15 * minute, at, 60));
  });
});

describe("a query", () => {
  const place = { environment: "prod", namespace: "shop-prod", bigPod: "core", service: null, windowSeconds: 60 };
  test("has its variables filled in, and those of label_replace left", () => {
    expect(fillGoldenQuery('sum(increase(x{namespace="$namespace",bigpod="$bigPod",env="$environment",service=~"$service"}[$range])) $1 $bigPods', place)).toBe('sum(increase(x{namespace="shop-prod",bigpod="core",env="prod",service=~".*"}[60s])) $1 $bigPods');
  });

  test("may be about several services", () => {
    expect(fillGoldenQuery('x{service=~"$service"}', { ...place, service: ["voyage", "a.i"] })).toBe('x{service=~"voyage|a\\\\.i"}');
    expect(fillGoldenQuery('x{service=~"$service"}', { ...place, service: [] })).toBe('x{service=~".*"}');
  });

  test("means the service's name as it is, whatever it holds", () => {
    expect(fillGoldenQuery('x{service=~"$service"}', { ...place, service: 'a.b"}[5m' })).toBe('x{service=~"a\\\\.b\\"\\\\}\\\\[5m"}');
    expect(fillGoldenQuery('x{service=~"$service"}', { ...place, service: "$environment" })).toBe('x{service=~"\\\\$environment"}');
  });
});

describe("what was not measured", () => {
  const grid = { fromMs: 0, toMs: 40_000, stepSeconds: 10, windowSeconds: 60, count: 5 };
  test("is null at its moment: absent, NaN, infinite", () => {
    expect(onGrid([{ atMs: 0, value: 1 }, { atMs: 10_000, value: Number.NaN }, { atMs: 30_000, value: Number.POSITIVE_INFINITY }, { atMs: 40_000, value: 0 }, { atMs: 45_000, value: 9 }, { atMs: 50_000, value: 9 }], grid)).toEqual([1, null, null, null, 0]);
  });

  test("is missing of rate and share too, and no requests are no share of 0", () => {
    expect(perSecond([60, null, 0], 60)).toEqual([1, null, 0]);
    expect(errorRatio([5, null, 0, 0, 7], [100, 100, null, 0, 6])).toEqual([0.05, null, null, null, 1]);
    expect(errorRatio([], [1])).toEqual([null]);
  });

  test("stays a gap in a picture's points", () => {
    expect(goldenPoints({ from: "2026-11-21T14:00:00.000Z", stepSeconds: 60 }, [1, null])).toEqual([{ atMs: Date.parse("2026-11-21T14:00:00Z"), value: 1 }, { atMs: Date.parse("2026-11-21T14:01:00Z"), value: null }]);
  });
});

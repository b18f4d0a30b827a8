import { expect, test } from "vitest";
import { median, percentile } from "#bench/statistics.ts";

test.each([
  [[5], 0.95, 5],
  [[3, 1, 2], 0.5, 2],
  [[4, 3, 2, 1], 0.5, 2],
  [Array.from({ length: 200 }, (_, i) => i + 1), 0.95, 190],
  [Array.from({ length: 200 }, (_, i) => i + 1), 1, 200],
  [[10, 20], 0, 10],
])("percentile of %j at %d is %d", (sample, share, value) => {
  expect(percentile(sample, share)).toBe(value);
});

test.each([
  [[7], 7],
  [[3, 1, 2], 2],
  [[1, 2, 3, 10], 2.5],
])("median of %j is %d", (sample, value) => {
  expect(median(sample)).toBe(value);
});

test("nothing has neither", () => {
  expect(() => percentile([], 0.5)).toThrow(RangeError);
  expect(() => median([])).toThrow(RangeError);
});

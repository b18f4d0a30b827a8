import { expect, test } from "vitest";
import { estimateDuration } from "#lib/domain/operation-estimate.ts";

test.each([
  [[], null],
  [[1, 2], null],
  [[30, 10, 20], { seconds: 20, lowSeconds: 10, highSeconds: 30, n: 3 }],
  [[40, 10, 20, 30], { seconds: 25, lowSeconds: 10, highSeconds: 40, n: 4 }],
  [[...Array.from({ length: 10 }, () => 5), 900], { seconds: 5, lowSeconds: 5, highSeconds: 5, n: 10 }],
])("%j", (seconds, expected) => {
  expect(estimateDuration(seconds)).toEqual(expected);
});

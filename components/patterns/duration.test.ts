import { describe, expect, test } from "vitest";
import { formatAge, formatBoth, formatDuration, formatEstimate, formatRelative } from "#components/patterns/duration.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

describe("formatDuration", () => {
  test.each([
    [0, 1, "0 s"],
    [-5000, 1, "0 s"],
    [59.4 * second, 1, "59 s"],
    [59.6 * second, 1, "1 min"],
    [131 * second, 1, "2 min"],
    [131 * second, 2, "2 min 11 s"],
    [2 * minute, 2, "2 min"],
    [hour + 5 * minute + 9 * second, 2, "1 h 5 min"],
    [hour + 9 * second, 2, "1 h"],
    [9 * 24 * hour + 23 * hour, 1, "9 d"],
  ] as const)("%d ms in %d parts is %s", (ms, parts, expected) => {
    expect(formatDuration(ms, parts)).toBe(expected);
  });
});

describe("formatRelative", () => {
  test.each([
    [0, 2999, "just now"],
    [0, 3000, "3 s ago"],
    [0, 4 * minute, "4 min ago"],
    [2 * hour, 0, "in 2 h"],
    [1500, 0, "just now"],
  ])("%d seen from %d is %s", (at, now, expected) => {
    expect(formatRelative(at, now)).toBe(expected);
  });
});

test("ages have one decimal until ten seconds", () => {
  expect(formatAge(300)).toBe("0.3 s");
  expect(formatAge(9_949)).toBe("9.9 s");
  expect(formatAge(9_960)).toBe("10 s");
  expect(formatAge(48_400)).toBe("48 s");
  expect(formatAge(-20)).toBe("0.0 s");
});

test("the UTC form has no milliseconds and can be pasted anywhere", () => {
  expect(formatBoth(new Date("2026-11-21T13:02:10.250Z")).utc).toBe("2026-11-21T13:02:10Z");
});

test("an estimate says what it rests on", () => {
  expect(formatEstimate({ seconds: 55, lowSeconds: 48, highSeconds: 71, n: 10 })).toBe("About 55 s (last 10: 48 s to 1 min 11 s)");
});

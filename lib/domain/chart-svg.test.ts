import { describe, expect, test } from "vitest";
import { chartSvg } from "#lib/domain/chart-svg.ts";
import { axisTicks, timeTicks, unitText } from "#lib/domain/chart-units.ts";
import type { ChartUnit } from "#lib/domain/chart-units.ts";

const fromMs = Date.parse("2026-11-21T14:00:00Z");
const minute = 60_000;
const base = { title: "Error ratio", unit: "ratio" as const, fromMs, toMs: fromMs + 10 * minute };
const points = (values: readonly (number | null)[]) => values.map((value, index) => ({ atMs: fromMs + index * minute, value }));
const count = (svg: string, what: string) => svg.split(what).length - 1;

describe("a chart as SVG", () => {
  test("breaks its line where nothing was measured, and shows a lonely value as a dot", () => {
    const svg = chartSvg({ ...base, points: points([0.1, 0.2, null, 0.3, null, 0.2, 0.1]) });
    expect([count(svg, "<polyline"), count(svg, "<circle")]).toEqual([2, 1]);
  });

  test("never draws what is not a number, nor what lies outside the time", () => {
    const svg = chartSvg({ ...base, points: [...points([Number.NaN, Number.POSITIVE_INFINITY]), { atMs: fromMs - minute, value: 1 }] });
    expect(svg).not.toMatch(/<polyline|<circle|NaN|Infinity/);
    expect(svg).toContain("Nothing was measured in this time.");
  });

  test("marks changes with a number that is named below, and shades what still lasts to the end", () => {
    const svg = chartSvg({ ...base, points: points([0.1, 0.2]), markers: [{ atMs: fromMs + minute, label: "Promote R-214 to prod" }], ranges: [{ fromMs: fromMs + 2 * minute, toMs: null, label: "#7" }] });
    expect(svg).toContain("1  14:01:00  Promote R-214 to prod");
    const [, x, width] = /<rect x="([\d.]+)" y="34" width="([\d.]+)"/.exec(svg) ?? [];
    expect(Number(x) + Number(width)).toBeCloseTo(720 - 14, 0);
  });

  test("holds no markup of what it is given, and no script", () => {
    const evil = `</title><script>alert(1)</script>\u0000"'&`;
    const svg = chartSvg({ ...base, title: evil, points: [], markers: [{ atMs: fromMs, label: evil }], ranges: [{ fromMs, toMs: null, label: evil }], emptySentence: evil });
    expect(svg).not.toContain("<script");
    expect(svg).not.toContain("\u0000");
    expect(svg).toContain("&lt;script&gt;");
  });
});

test.each<[number, ChartUnit, string]>([
  [0, "per-second", "0 /s"], [12.54, "per-second", "12.5 /s"], [1234, "per-second", "1,234 /s"],
  [0.0042, "ratio", "0.42 %"], [0.000004, "ratio", "0.0004 %"], [1, "ratio", "100 %"],
  [0.32, "seconds", "320 ms"], [1.25, "seconds", "1.25 s"], [0, "bytes", "0 B"], [212 * 1024 ** 2, "bytes", "212 MiB"], [1.5 * 1024 ** 3, "bytes", "1.5 GiB"],
  [Number.NaN, "seconds", "no number"],
])("%d as %s is written %s", (value, unit, words) => {
  expect(unitText(value, unit)).toBe(words);
});

test.each<[(number | null)[], ChartUnit, number[]]>([
  [[], "ratio", [0, 0.005, 0.01]],
  [[0, null, 0], "ratio", [0, 0.005, 0.01]],
  [[3.1, 0.5], "seconds", [0, 1, 2, 3, 4]],
  [[-1, 2], "per-second", [-1, 0, 1, 2]],
  [[300 * 1024 ** 2], "bytes", [0, 128, 256, 384].map((mebi) => mebi * 1024 ** 2)],
  [[Number.NaN, 10], "per-second", [0, 5, 10]],
])("an axis for %j as %s", (values, unit, ticks) => {
  expect(axisTicks(values, unit)).toEqual(ticks);
});

test("moments of a time axis are round in the zone they are shown in", () => {
  const to = fromMs + 60 * minute;
  expect(timeTicks(fromMs + 1, to, 6).map((at) => new Date(at).toISOString().slice(11, 16))).toEqual(["14:10", "14:20", "14:30", "14:40", "14:50", "15:00"]);
  expect(timeTicks(fromMs, fromMs + 24 * 60 * minute, 3, 5.5 * 60 * minute).map((at) => new Date(at + 5.5 * 60 * minute).toISOString().slice(11, 16))).toEqual(["00:00", "12:00"]);
});

import { describe, expect, test } from "vitest";
import { chartRows, gapsOf, isLonely, markLines, newestOf, thinned } from "#components/charts/chart-model.ts";
import { chartHref, chosenChartSpan } from "#components/charts/chart-span.ts";

const golden = { from: "2026-11-21T14:00:00.000Z", stepSeconds: 10 };
const begin = Date.parse(golden.from);
const rows = (...series: (number | null)[][]) => chartRows(golden, series.map((values, index) => ({ name: String(index), values })));

describe("rows of a chart", () => {
  test("have a value of each series, and null where one has none", () => {
    expect(rows([1, null], [3])).toEqual([{ atMs: begin, values: [1, 3] }, { atMs: begin + 10_000, values: [null, null] }]);
  });

  test("name gaps that no series fills, also at the ends; one missing point is none", () => {
    expect(gapsOf(rows([null, null, 1, null, 2, null, null, null, 3, null, null, null]), 10).map(({ fromMs, toMs }) => [fromMs - begin, toMs - begin])).toEqual([[0, 20_000], [50_000, 80_000], [90_000, 110_000]]);
    expect(gapsOf(rows([1, null, null, 1], [1, 1, 1, 1]), 10)).toEqual([]);
  });

  test("know their lonely values, their newest, and a few for a table, gaps among them", () => {
    const some = rows([1, null, 2, 3, null]);
    expect([0, 2, 3].map((index) => isLonely(some, index, 0))).toEqual([true, false, false]);
    expect(newestOf(some)?.atMs).toBe(begin + 30_000);
    expect(newestOf(rows([null]))).toBeNull();
    expect(thinned(some, 3).map(({ values }) => values[0])).toEqual([null, 2, 1]);
  });
});

test("marks that stand close share a label", () => {
  const at = (seconds: number) => ({ at: new Date(begin + seconds * 1000).toISOString() });
  expect(markLines([at(0), at(5), at(10), at(500), at(520)], 600_000).map(({ label }) => label)).toEqual(["1–3", "", "", "4", "5"]);
});

test("the address keeps what it has, and leaves out what is usual", () => {
  expect(chartHref("/big-pods/prod/core", "over=7d&span=6h", { span: "15m" })).toBe("/big-pods/prod/core?over=7d&span=15m");
  expect(chartHref("/big-pods/prod/core", "span=6h&service=auth", { span: "1h" })).toBe("/big-pods/prod/core?service=auth");
  expect(chartHref("/big-pods/prod/core", "service=auth", { service: null })).toBe("/big-pods/prod/core");
  expect([chosenChartSpan("6h"), chosenChartSpan("1y"), chosenChartSpan(null)]).toEqual(["6h", "1h", "1h"]);
});

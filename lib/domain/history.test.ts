import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stripOf } from "#lib/domain/history.ts";
import type { StatusMark } from "#lib/domain/history.ts";
import { healthStatuses } from "#lib/domain/status.ts";

const iso = (at: number): string => new Date(at).toISOString();

describe("a strip", () => {
  test("shows what held before its beginning, joins what is alike, and ends now", () => {
    const marks: StatusMark[] = [{ at: -50, status: "healthy" }, { at: 20, status: "healthy" }, { at: 40, status: "broken" }, { at: 60, status: "healthy" }];
    expect(stripOf(marks, 0, 100, 300)).toEqual([
      { from: iso(0), to: iso(40), status: "healthy" },
      { from: iso(40), to: iso(60), status: "broken" },
      { from: iso(60), to: iso(100), status: "healthy" },
    ]);
  });

  test("knows nothing before its first mark", () => {
    expect(stripOf([{ at: 70, status: "unknown" }], 0, 100, 300)).toEqual([{ from: iso(70), to: iso(100), status: "unknown" }]);
    expect(stripOf([], 0, 100, 300)).toEqual([]);
  });

  test("with more spans than places, a short break is not lost among the green", () => {
    const marks: StatusMark[] = Array.from({ length: 2_000 }, (_, index) => ({ at: index * 10, status: index % 2 === 0 ? ("healthy" as const) : ("progressing" as const) }));
    marks.splice(1_001, 0, { at: 10_005, status: "broken" }, { at: 10_006, status: "healthy" });
    const spans = stripOf(marks, 0, 20_000, 100);
    expect(spans.length).toBeLessThanOrEqual(100);
    expect(spans.some(({ status }) => status === "broken")).toBe(true);
  });

  test("never has gaps after its first mark, never more spans than asked for, and never hides the worst", () => {
    const mark = fc.record({ at: fc.integer({ min: -1_000, max: 1_100 }), status: fc.constantFrom(...healthStatuses) });
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (unsorted, buckets) => {
        const marks = unsorted.toSorted((a, b) => a.at - b.at);
        const spans = stripOf(marks, 0, 1_000, buckets);
        expect(spans.length).toBeLessThanOrEqual(buckets);
        for (const [index, span] of spans.entries()) {
          expect(Date.parse(span.to)).toBeGreaterThan(Date.parse(span.from));
          const next = spans[index + 1];
          if (next !== undefined) expect(next.from).toBe(span.to);
        }
        const brokenInside = marks.some(({ at, status }, index) => status === "broken" && Math.min(1_000, marks[index + 1]?.at ?? 1_000) > Math.max(0, at));
        expect(spans.some(({ status }) => status === "broken")).toBe(brokenInside);
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { gapsIn, windowsAround, withinData } from "#lib/domain/comparison-windows.ts";

const at = new Date("2026-11-21T10:00:00Z");
const minutesAfter = (minutes: number): Date => new Date(at.getTime() + minutes * 60_000);
const windows = (minutes: number, changedBefore: Date | null = null, changedAfter: Date | null = null) => windowsAround({ at, now: minutesAfter(minutes), compareMinutes: 15, leastWindowSeconds: 60, changedBefore, changedAfter });

describe("windows", () => {
  it("the one after fills, then stands", () => {
    expect(windows(4)).toMatchObject({ afterSeconds: 240, until: minutesAfter(4), baselineSeconds: 3_600, stepSeconds: 30, steps: 8, longEnough: true, full: false });
    expect(windows(90)).toMatchObject({ afterSeconds: 900, until: minutesAfter(15), stepSeconds: 60, steps: 15, full: true });
  });

  it("says nothing of the first seconds, nor of a change that lies ahead", () => {
    expect(windows(0.2)).toMatchObject({ longEnough: false, full: false });
    expect(windows(-1)).toMatchObject({ longEnough: false });
  });

  it("the one after ends at the next change, such as the way back", () => {
    expect(windows(90, null, minutesAfter(3))).toMatchObject({ afterSeconds: 180, until: minutesAfter(3), longEnough: true, full: true });
    expect(windows(2, null, minutesAfter(3))).toMatchObject({ afterSeconds: 120, full: false });
    expect(windows(90, null, minutesAfter(0.1))).toMatchObject({ longEnough: false, full: true });
  });

  it("the one before ends at an earlier change, but is at least a minute", () => {
    expect(windows(4, minutesAfter(-10)).baselineSeconds).toBe(600);
    expect(windows(4, minutesAfter(-0.1)).baselineSeconds).toBe(60);
    expect(windows(4, minutesAfter(-300)).baselineSeconds).toBe(3_600);
  });
});

describe("data", () => {
  /** Every two minutes, as coverage is asked for when the window is full. */
  const steps = (from: number, to: number, without: number[] = []): number[] => Array.from({ length: (to - from) / 2 + 1 }, (_, index) => from + 2 * index).filter((minute) => !without.includes(minute)).map((minute) => minutesAfter(minute).getTime());

  it("that begin late make the baseline shorter, and are no gap", () => {
    const clipped = withinData(windows(15), steps(-8, 14));
    expect(clipped.baselineSeconds).toBe(600);
    expect(gapsIn(clipped, steps(-8, 14), 0.7)).toEqual([]);
  });

  it("with holes, or late, are told", () => {
    expect(gapsIn(windows(15), steps(-58, 14, [2, 4, 6]), 0.7)).toEqual(["requests have gaps: data for 57 % of the time after the change"]);
    expect(gapsIn(windows(15), steps(-58, 10), 0.7)).toEqual(["the newest data are 300 s late"]);
    expect(gapsIn(windows(15), steps(-58, 14, [-30, 8]), 0.7)).toEqual([]);
    expect(gapsIn(windows(15), steps(-58, 0), 0.7)).toEqual(["requests have gaps: data for 0 % of the time after the change"]);
  });

  it("that begin after the change only are a gap before it", () => {
    const late = withinData(windows(15), steps(2, 14));
    expect(late.baselineSeconds).toBe(3_600);
    expect(gapsIn(late, steps(2, 14), 0.7)).toEqual(["requests have gaps: data for 0 % of the time before the change"]);
  });
});

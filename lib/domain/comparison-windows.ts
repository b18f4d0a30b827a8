/** The two windows around a suspected change. */
export interface Windows {
  at: Date;
  /** End of the window after it: now, until the window is full. */
  until: Date;
  afterSeconds: number;
  /** Window before it in which errors are counted. */
  baselineSeconds: number;
  /** Latency and memory: this many steps on each side, which do not overlap. */
  stepSeconds: number;
  steps: number;
  /** Requests must have data in steps of this length. */
  coverageSeconds: number;
  /** False: too little time lies between the change and now, or the next change, to say anything. */
  longEnough: boolean;
  /** The window after it will grow no more. */
  full: boolean;
}

/** The baseline is up to this many times as long as the full window after a change: an hour where that is 15 minutes. */
export const baselineFactor = 4;
const shortestSeconds = 20;
const shortestBaselineSeconds = 60;
const wantedSteps = 15;

/**
 * After: from the change until now, at most compareMinutes. Before: up to four times compareMinutes, since errors are rare and a longer baseline finds a rise
 * sooner. Both end where another change to the same Big Pod lies in them (the one before is at least a minute).
 * `leastWindowSeconds`: as charts have it, about four scrapes; half of it is enough for a step, since a rate takes two.
 */
export function windowsAround({ at, now, compareMinutes, leastWindowSeconds, changedBefore, changedAfter }: { at: Date; now: Date; compareMinutes: number; leastWindowSeconds: number; changedBefore: Date | null; changedAfter: Date | null }): Windows {
  const fullSeconds = Math.round(compareMinutes * 60);
  const sinceSeconds = Math.floor((now.getTime() - at.getTime()) / 1000);
  const undisturbedAfter = changedAfter === null ? Number.POSITIVE_INFINITY : Math.floor((changedAfter.getTime() - at.getTime()) / 1000);
  const wholeSeconds = Math.min(fullSeconds, undisturbedAfter);
  const afterSeconds = Math.max(1, Math.min(wholeSeconds, sinceSeconds));
  const undisturbed = changedBefore === null ? Number.POSITIVE_INFINITY : Math.floor((at.getTime() - changedBefore.getTime()) / 1000);
  const stepSeconds = Math.max(Math.ceil(leastWindowSeconds / 2), Math.floor(afterSeconds / wantedSteps));
  return {
    at, until: new Date(at.getTime() + afterSeconds * 1000), afterSeconds, baselineSeconds: Math.min(fullSeconds * baselineFactor, Math.max(shortestBaselineSeconds, undisturbed)), stepSeconds,
    steps: Math.max(1, Math.floor(afterSeconds / stepSeconds)), coverageSeconds: Math.min(afterSeconds, Math.max(leastWindowSeconds, 2 * stepSeconds)), longEnough: Math.min(wholeSeconds, sinceSeconds) >= Math.min(shortestSeconds, fullSeconds), full: sinceSeconds >= wholeSeconds,
  };
}

/** The same windows, with a baseline that begins no earlier than the data do: what was not measured yet is no gap. `present`: steps that have data, in order. */
export function withinData(windows: Windows, present: readonly number[]): Windows {
  const [first] = present;
  if (first === undefined || first > windows.at.getTime()) return windows;
  const known = Math.ceil((windows.at.getTime() - first) / 1000) + windows.coverageSeconds;
  return { ...windows, baselineSeconds: Math.min(windows.baselineSeconds, known) };
}

/** What is missing of the data within the windows, in clauses: counts of a window with gaps are too small, by how much nobody knows. */
export function gapsIn({ at, until, baselineSeconds, coverageSeconds }: Windows, present: readonly number[], leastCoverage: number): string[] {
  const stepMs = coverageSeconds * 1000;
  const share = (from: number, to: number): number => present.filter((when) => when > from && when <= to).length / Math.max(1, Math.floor((to - from) / stepMs));
  const shares = { before: share(at.getTime() - baselineSeconds * 1000, at.getTime()), after: share(at.getTime(), until.getTime()) };
  const said = (["before", "after"] as const).filter((side) => shares[side] < leastCoverage).map((side) => `requests have gaps: data for ${Math.round(shares[side] * 100)} % of the time ${side} the change`);
  const last = present.at(-1);
  if (said.length === 0 && last !== undefined && until.getTime() - last > 2 * stepMs) said.push(`the newest data are ${Math.round((until.getTime() - last) / 1000)} s late`);
  return said;
}

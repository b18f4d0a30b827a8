import type { Point } from "#sandbox/prometheus/promql/value.ts";

/** What a function makes of one series' points in a range; undefined: nothing. */
export type OverTime = (points: readonly Point[], fromMs: number, toMs: number) => number | undefined;

const sum = (points: readonly Point[]) => points.reduce((total, point) => total + point.value, 0);

/** The q-quantile with linear interpolation; of nothing NaN, beyond 0 and 1 the infinities. Source: Prometheus' documentation of quantile. */
export function quantileOf(q: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  // Not-a-number sorts before everything, as in Prometheus.
  const sorted = values.toSorted((left, right) => (Number.isNaN(left) ? -1 : Number.isNaN(right) ? 1 : left - right));
  const rank = q * (sorted.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(sorted.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return (sorted[lower] ?? Number.NaN) * (1 - weight) + (sorted[upper] ?? Number.NaN) * weight;
}

export function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
}

/**
 * Growth over a range, stretched to its borders: by the distance to the border where that is shorter than 1.1 intervals, else by half an interval;
 * a counter is not stretched below zero. Source: extrapolation as https://prometheus.io/docs/prometheus/latest/querying/functions/#increase describes.
 */
function extrapolated(points: readonly Point[], fromMs: number, toMs: number, counter: boolean): number | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  let growth = last.value - first.value;
  if (counter) for (let index = 1; index < points.length; index++) if ((points[index]?.value ?? 0) < (points[index - 1]?.value ?? 0)) growth += points[index - 1]?.value ?? 0;
  const sampledS = (last.atMs - first.atMs) / 1000;
  const intervalS = sampledS / (points.length - 1);
  let toStartS = (first.atMs - fromMs) / 1000;
  const toEndS = (toMs - last.atMs) / 1000;
  if (counter && growth > 0 && first.value >= 0) toStartS = Math.min(toStartS, sampledS * (first.value / growth));
  const threshold = intervalS * 1.1;
  const stretchedS = sampledS + (toStartS < threshold ? toStartS : intervalS / 2) + (toEndS < threshold ? toEndS : intervalS / 2);
  return growth * (stretchedS / sampledS);
}

function lastTwo(points: readonly Point[], counter: boolean, perSecond: boolean): number | undefined {
  const [before, last] = [points.at(-2), points.at(-1)];
  if (before === undefined || last === undefined) return undefined;
  const growth = counter && last.value < before.value ? last.value : last.value - before.value;
  return perSecond ? growth / ((last.atMs - before.atMs) / 1000) : growth;
}

/** Slope per second and value at `atMs` of the least-squares line. */
export function regression(points: readonly Point[], atMs: number): { slope: number; intercept: number } | undefined {
  if (points.length < 2) return undefined;
  const [xs, ys] = [points.map((point) => (point.atMs - atMs) / 1000), points.map((point) => point.value)];
  if (ys.every((y) => y === ys[0])) return { slope: Number.isFinite(ys[0]) ? 0 : Number.NaN, intercept: ys[0] ?? Number.NaN };
  const n = points.length;
  const [sumX, sumY] = [xs.reduce((a, b) => a + b, 0), ys.reduce((a, b) => a + b, 0)];
  const covariance = xs.reduce((total, x, index) => total + x * (ys[index] ?? 0), 0) - (sumX * sumY) / n;
  const variance = xs.reduce((total, x) => total + x * x, 0) - (sumX * sumX) / n;
  const slope = covariance / variance;
  return { slope, intercept: sumY / n - (slope * sumX) / n };
}

function changes(points: readonly Point[], counts: (before: number, after: number) => boolean): number {
  return points.filter((point, index) => index > 0 && counts(points[index - 1]?.value ?? Number.NaN, point.value)).length;
}

/** Functions of one range; each series of which none is left has at least one point. */
export const overTime: Readonly<Record<string, OverTime>> = {
  rate: (points, fromMs, toMs) => divided(extrapolated(points, fromMs, toMs, true), (toMs - fromMs) / 1000),
  increase: (points, fromMs, toMs) => extrapolated(points, fromMs, toMs, true),
  delta: (points, fromMs, toMs) => extrapolated(points, fromMs, toMs, false),
  irate: (points) => lastTwo(points, true, true),
  idelta: (points) => lastTwo(points, false, false),
  changes: (points) => changes(points, (before, after) => before !== after && !(Number.isNaN(before) && Number.isNaN(after))),
  resets: (points) => changes(points, (before, after) => after < before),
  deriv: (points) => regression(points, points[0]?.atMs ?? 0)?.slope,
  present_over_time: () => 1,
  avg_over_time: (points) => sum(points) / points.length,
  sum_over_time: sum,
  count_over_time: (points) => points.length,
  last_over_time: (points) => points.at(-1)?.value,
  max_over_time: (points) => points.reduce((most, { value }) => (value > most || Number.isNaN(most) ? value : most), Number.NaN),
  min_over_time: (points) => points.reduce((least, { value }) => (value < least || Number.isNaN(least) ? value : least), Number.NaN),
  stddev_over_time: (points) => Math.sqrt(varianceOf(points.map((point) => point.value))),
  stdvar_over_time: (points) => varianceOf(points.map((point) => point.value)),
};

function divided(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value / by;
}

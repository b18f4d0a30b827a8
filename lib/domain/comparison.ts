import type { ComparisonVerdict } from "#lib/domain/incident-status.ts";
import { binomialAtLeast, fisherGreater, mannWhitneyGreater, median, riseAtMost } from "#lib/domain/statistics.ts";
import type { Tally } from "#lib/domain/statistics.ts";

/**
 * What counts as worse after a change, and what may be called no difference. docs/suspects.md explains each number.
 * The rule of `no-difference` is one of equivalence: the data must exclude a rise that would matter, so that few data never look like good news.
 * Source: D. L. Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987), the upper one of the two one-sided tests.
 */
export const comparisonRules = {
  /** Strict, since windows are looked at again and again while they fill. */
  p: 0.01,
  /** Fewer errors after the change than this are never "worse". */
  leastErrors: 5,
  /** A rise of errors that counts: by this factor, and by this share of the requests. */
  riseFactor: 1.5,
  riseShare: 0.002,
  /** "No difference": a rise by more than this share, or by half of what it was, is excluded with 95 % confidence. */
  excludedShare: 0.005,
  excludedFactor: 0.5,
  /** Latency and memory: values needed on each side, effect and rise of the median that count. 0.71 is "large" by Vargha and Delaney. */
  leastSamples: 5,
  effect: 0.71,
  medianFactor: 1.2,
  /** Restarts after the change that count at all. */
  leastRestarts: 3,
  /** Steps of a window that must have data. */
  leastCoverage: 0.7,
} as const;

/** One number from outside. none: the query gave nothing. trouble: why it is not to be relied on, as a clause. */
export type Measured = { kind: "value"; value: number } | { kind: "none" } | { kind: "trouble"; sentence: string };

export interface ErrorCounts {
  before: { requests: Measured; errors: Measured };
  after: { requests: Measured; errors: Measured };
  /** Reasons why the counts are not to be relied on: gaps, warnings. */
  troubles: readonly string[];
}

export interface ErrorVerdict {
  before: { requests: number; errors: number };
  after: { requests: number; errors: number };
  p: number | null;
  verdict: ComparisonVerdict;
  sentence: string;
}

/**
 * Compares errors and requests of two windows (their lengths may differ). Increases are no whole numbers in Prometheus, which extrapolates to the ends of the
 * window: they are rounded, and errors are at most the requests.
 */
export function compareErrors({ before, after, troubles }: ErrorCounts): ErrorVerdict {
  const nothing = { before: { requests: 0, errors: 0 }, after: { requests: 0, errors: 0 }, p: null, verdict: "insufficient-data" } as const;
  const bad = [...troubles, ...[before.requests, after.requests, before.errors, after.errors].flatMap((measured) => troubleOf(measured) ?? [])];
  if (bad.length > 0) return { ...nothing, sentence: `errors cannot be compared: ${[...new Set(bad)].join("; ")}` };
  if (before.requests.kind === "none" && after.requests.kind === "none") return { ...nothing, sentence: "errors cannot be compared: the query of requests gives no data" };
  const [b, a] = [tallyOf(before), tallyOf(after)];
  const counted = { before: { requests: b.n, errors: b.hits }, after: { requests: a.n, errors: a.hits } };
  if (b.n === 0 || a.n === 0) return { ...nothing, ...counted, sentence: `errors cannot be compared: no requests were counted ${a.n === 0 ? "after" : "before"} the change (${number(Math.max(a.n, b.n))} ${a.n === 0 ? "before" : "after"} it)` };
  if (before.errors.kind === "none" && after.errors.kind === "none") return { ...nothing, ...counted, sentence: `errors cannot be compared: the query of errors gives no data (there may be none, or it may ask for the wrong series)` };
  const p = fisherGreater(b, a);
  const [was, is] = [b.hits / b.n, a.hits / a.n];
  const numbers = `from ${percent(was)} (${number(b.hits)} of ${number(b.n)}) to ${percent(is)} (${number(a.hits)} of ${number(a.n)}), ${pText(p)}`;
  const moved = is > was ? `errors rose ${numbers}` : is < was ? `errors fell ${numbers}` : `errors stayed at ${percent(is)} (${number(b.hits)} of ${number(b.n)} before, ${number(a.hits)} of ${number(a.n)} after)`;
  const rules = comparisonRules;
  if (p < rules.p && a.hits >= rules.leastErrors && is >= was * rules.riseFactor && is - was >= rules.riseShare) return { ...counted, p, verdict: "worse", sentence: moved };
  const margin = Math.max(rules.excludedShare, was * rules.excludedFactor);
  if (riseAtMost(b, a) < margin) return { ...counted, p, verdict: "no-difference", sentence: `${moved}: a rise of more than ${points(margin)} is excluded` };
  return { ...counted, p, verdict: "insufficient-data", sentence: `${moved}: too few requests to tell whether a rise is chance, or to exclude one of more than ${points(margin)}` };
}

export interface SampleInput {
  name: "latency" | "memory";
  unit: "seconds" | "bytes";
  before: readonly number[];
  after: readonly number[];
  /** Values there should be on each side. */
  expected: { before: number; after: number };
  troubles: readonly string[];
}

export interface SampleVerdict {
  unit: "seconds" | "bytes";
  before: { n: number; median: number | null };
  after: { n: number; median: number | null };
  p: number | null;
  effect: number | null;
  verdict: ComparisonVerdict;
  sentence: string;
}

/** Compares values measured at even steps before and after a moment. NaN and infinities count as missing. */
export function compareSamples({ name, unit, before: allBefore, after: allAfter, expected, troubles }: SampleInput): SampleVerdict {
  const [before, after] = [allBefore.filter(Number.isFinite), allAfter.filter(Number.isFinite)];
  const [was, is] = [median(before), median(after)];
  const base = { unit, before: { n: before.length, median: was }, after: { n: after.length, median: is } };
  const mute = (why: string): SampleVerdict => ({ ...base, p: null, effect: null, verdict: "insufficient-data", sentence: `${name} cannot be compared: ${why}` });
  const { leastSamples, leastCoverage, p: alpha, effect: leastEffect, medianFactor } = comparisonRules;
  if (troubles.length > 0) return mute([...new Set(troubles)].join("; "));
  if (before.length + after.length === 0) return mute("the query gives no data");
  if (was === null || is === null || Math.min(before.length, after.length) < leastSamples) return mute(`${before.length} values before and ${after.length} after the change, ${leastSamples} each are needed`);
  if (before.length < expected.before * leastCoverage || after.length < expected.after * leastCoverage) return mute(`gaps: ${before.length} of ${expected.before} values before and ${after.length} of ${expected.after} after the change are there`);
  const test = mannWhitneyGreater(before, after);
  const noWorse = mannWhitneyGreater(after, before.map((value) => value * medianFactor));
  if (test === null || noWorse === null || was < 0 || is < 0) return mute("its values are not measurements");
  const { p, effect } = test;
  const moved = is > was ? `rose from ${measure(was, unit)} to ${measure(is, unit)}` : is < was ? `fell from ${measure(was, unit)} to ${measure(is, unit)}` : `stayed at ${measure(is, unit)}`;
  const sentence = `${name} (median) ${moved} (${before.length} values before, ${after.length} after, ${pText(p)}, greater in ${Math.round(effect * 100)} % of pairs)`;
  if (p < alpha && effect >= leastEffect && is >= was * medianFactor) return { ...base, p, effect, verdict: "worse", sentence };
  if (was > 0 && noWorse.p < 0.05) return { ...base, p, effect, verdict: "no-difference", sentence: `${sentence}: a rise by ${Math.round((medianFactor - 1) * 100)} % is excluded` };
  return { ...base, p, effect, verdict: "insufficient-data", sentence: `${sentence}: too few or too scattered to tell` };
}

/** Restarts within windows of these lengths; null where one of them is not known. Few restarts never say "no difference". */
export function compareRestarts(before: Measured, after: Measured, seconds: { before: number; after: number }): { before: number; after: number; worse: boolean; sentence: string } | null {
  if (before.kind !== "value" || after.kind !== "value" || troubleOf(before) !== null || troubleOf(after) !== null) return null;
  const [was, is] = [Math.round(before.value), Math.round(after.value)];
  const p = binomialAtLeast(is, was + is, seconds.after / (seconds.before + seconds.after));
  return { before: was, after: is, worse: is >= comparisonRules.leastRestarts && p < comparisonRules.p, sentence: `${is} restarts after the change, ${was} before, ${pText(p)}` };
}

export interface Parts {
  errors: ErrorVerdict | null;
  latency: SampleVerdict | null;
  memory: SampleVerdict | null;
  restarts: { worse: boolean; sentence: string } | null;
  control: { errors: ErrorVerdict | null; sentence: string } | null;
}

/**
 * All parts together. One that is worse is enough. "No difference" takes errors and latency both to say so, and memory not to say otherwise: what
 * could not be measured is told, not passed over.
 */
export function compareAll({ errors, latency, memory, restarts, control }: Parts): { verdict: ComparisonVerdict; sentence: string } {
  const parts = [errors, latency, memory].filter((part) => part !== null);
  const worse = [...parts.filter((part) => part.verdict === "worse"), ...(restarts?.worse === true ? [restarts] : [])];
  if (worse.length > 0) {
    const weakened = errors?.verdict === "worse" && control?.errors?.verdict === "worse" ? `; but ${control.sentence}` : "";
    return { verdict: "worse", sentence: `${worse.map((part) => part.sentence).join("; ")}${weakened}` };
  }
  const mute = parts.filter((part) => part.verdict === "insufficient-data");
  if (errors?.verdict === "no-difference" && latency?.verdict === "no-difference" && (memory === null || memory.verdict === "no-difference" || memory.before.n + memory.after.n === 0)) {
    const unmeasured = memory === null || memory.verdict !== "no-difference" ? ["memory was not measured"] : [];
    return { verdict: "no-difference", sentence: [errors.sentence, latency.sentence, ...unmeasured].join("; ") };
  }
  return { verdict: "insufficient-data", sentence: mute.length === 0 ? "nothing could be measured" : mute.map((part) => part.sentence).join("; ") };
}

/** What the same hours a week before say of a rise. Null: there are no data from then. */
export function judgeControl(errors: ErrorVerdict): Parts["control"] {
  const { before, after } = errors;
  if (before.requests === 0 || after.requests === 0) return null;
  const numbers = `${percent(before.errors / before.requests)} to ${percent(after.errors / after.requests)} of ${number(after.requests)} requests`;
  if (errors.verdict === "worse") return { errors, sentence: `the same hours a week before saw a rise too (${numbers}): the time of day may explain it` };
  if (errors.verdict === "no-difference") return { errors, sentence: `the same hours a week before saw no such rise (${numbers})` };
  return { errors, sentence: `the same hours a week before have too few requests to say (${numbers})` };
}

function tallyOf({ requests, errors }: { requests: Measured; errors: Measured }): Tally {
  const n = requests.kind === "value" ? Math.round(requests.value) : 0;
  return { n, hits: Math.min(n, errors.kind === "value" ? Math.round(errors.value) : 0) };
}

function troubleOf(measured: Measured): string | null {
  if (measured.kind === "trouble") return measured.sentence;
  if (measured.kind === "none") return null;
  if (!Number.isFinite(measured.value)) return "Prometheus gives NaN or an infinity";
  if (measured.value < 0) return "Prometheus gives a negative count";
  return measured.value > Number.MAX_SAFE_INTEGER ? "Prometheus gives a count beyond all measure" : null;
}

/** "0.5 %", "12 %", "0.03 %". */
export function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 ? "0" : value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : value.toPrecision(1)} %`;
}

function points(share: number): string {
  return `${Number((share * 100).toPrecision(2))} percentage points`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

export function pText(p: number): string {
  return p < 0.0001 ? "p < 0.0001" : p > 0.99 ? "p > 0.99" : `p = ${Number(p.toPrecision(p < 0.001 ? 1 : 2))}`;
}

function measure(value: number, unit: "seconds" | "bytes"): string {
  if (unit === "bytes") return value >= 2 ** 30 ? `${(value / 2 ** 30).toFixed(2)} GiB` : `${(value / 2 ** 20).toFixed(1)} MiB`;
  return value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${Number(value.toPrecision(3))} s`;
}

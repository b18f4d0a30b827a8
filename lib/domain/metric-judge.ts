import type { MetricGateConfig } from "#lib/contracts/config.ts";
import type { GateResult } from "#lib/contracts/operation.ts";

type Verdict = GateResult["verdict"];
export type Condition = Pick<MetricGateConfig, "pass">;
export type MetricLimits = Pick<MetricGateConfig, "count" | "failureLimit" | "inconclusiveLimit">;

/** What one question to Prometheus came back with. */
export type MetricReply =
  | { kind: "answered"; values: readonly number[]; warnings: readonly string[] }
  /** Prometheus does not understand the query. */
  | { kind: "refused"; sentence: string }
  | { kind: "unreachable"; sentence: string }
  | { kind: "unconfigured"; environment: string };

export interface Measurement {
  verdict: Verdict;
  sentence: string;
}

export const metricVariables = ["$environment", "$namespace", "$bigPods"] as const;

/** The query with its variables filled in. Names are lower-case letters, digits and dashes, so nothing has to be escaped. */
export function resolveQuery(query: string, names: { environment: string; namespace: string; bigPods: readonly string[] }): string {
  const values: Record<(typeof metricVariables)[number], string> = { $environment: names.environment, $namespace: names.namespace, $bigPods: names.bigPods.join("|") };
  return query.replaceAll(/\$(environment|namespace|bigPods)\b/g, (variable) => values[variable as keyof typeof values]); // the pattern has no others
}

/** Variables in a query that do not exist. `$1` and `${…}` belong to label_replace. */
export function unknownVariables(query: string): string[] {
  return [...new Set([...query.matchAll(/\$[A-Za-z_]\w*/g)].map(([variable]) => variable))].filter((variable) => !metricVariables.some((known) => known === variable));
}

/** Judges one answer: exactly one finite number that meets the condition passes. No data, NaN, several series or a partial answer never do. */
export function judgeMetric({ pass }: Condition, reply: MetricReply): Measurement {
  switch (reply.kind) {
    case "unconfigured":
      return { verdict: "error", sentence: `no Prometheus is configured for ${reply.environment}` };
    case "refused":
      return { verdict: "error", sentence: `Prometheus refuses the query: ${reply.sentence}` };
    case "unreachable":
      return { verdict: "error", sentence: `Prometheus cannot be asked: ${reply.sentence}` };
    case "answered":
      break;
  }
  const [value] = reply.values;
  if (reply.warnings.length > 0) return { verdict: "inconclusive", sentence: `Prometheus warns that its answer may be partial: ${reply.warnings[0] ?? ""}` };
  if (value === undefined) return { verdict: "inconclusive", sentence: "the query gives no data" };
  if (reply.values.length > 1) return { verdict: "inconclusive", sentence: `the query gives ${reply.values.length} series, it must give one: put sum(), max() or avg() around it` };
  if (!Number.isFinite(value)) return { verdict: "inconclusive", sentence: `the query gives ${Number.isNaN(value) ? "NaN (nothing divided by nothing?)" : value > 0 ? "+Inf" : "-Inf"}, which is no measurement` };
  const met = meets(pass, value);
  if (met === null) return { verdict: "error", sentence: `"${pass}" is not a comparison` };
  return met ? { verdict: "pass", sentence: `${shown(value)} is ${pass}` } : { verdict: "fail", sentence: `${shown(value)} is not ${pass}` };
}

/** Null: the text is no comparison. */
export function meets(pass: string, value: number): boolean | null {
  const parts = /^(<=|>=|==|!=|<|>)\s*(-?[0-9]+(?:[.][0-9]+)?)$/.exec(pass);
  if (parts === null) return null;
  const limit = Number(parts[2]);
  switch (parts[1]) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "==":
      return value === limit;
    default:
      return value !== limit && !Number.isNaN(value);
  }
}

/**
 * What several measurements say together. More failures than `failureLimit`: fail, at once. More that say nothing than `inconclusiveLimit`:
 * inconclusive (error when all of those were errors). Pass only with at least one measurement that passed. `done`: no further one is needed.
 * The limits follow Argo Rollouts' analysis (argoproj/argo-rollouts, docs/features/analysis.md), but errors count as saying nothing.
 */
export function judgeMeasurements(limits: MetricLimits, measurements: readonly Measurement[], wanted = limits.count): Measurement & { done: boolean } {
  const of = (verdict: Verdict): Measurement[] => measurements.filter((measurement) => measurement.verdict === verdict);
  const [passed, failed, errors] = [of("pass"), of("fail"), of("error")];
  const mute = [...of("inconclusive"), ...errors];
  const tally = measurements.length <= 1 ? "" : ` (${passed.length} of ${measurements.length} measurements passed)`;
  const say = (verdict: Verdict, last: Measurement | undefined, done: boolean): Measurement & { done: boolean } => ({ verdict, sentence: `${last?.sentence ?? "nothing was measured"}${tally}`, done });
  if (failed.length > limits.failureLimit) return say("fail", failed.at(-1), true);
  if (mute.length > limits.inconclusiveLimit) return say(mute.length === errors.length ? "error" : "inconclusive", mute.at(-1), true);
  const done = measurements.length >= wanted;
  if (passed.length > 0) return say("pass", passed.at(-1), done);
  if (failed.length > 0) return say("fail", failed.at(-1), done);
  return say(mute.length > 0 && mute.length === errors.length ? "error" : "inconclusive", mute.at(-1), done);
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

import { alertData, goTime, instantData, parseStep, parseTime, rangeData, ruleData } from "#sandbox/prometheus/api-values.ts";
import { typeOf } from "#sandbox/prometheus/promql/check.ts";
import { typeWords, type Expr, type Matcher } from "#sandbox/prometheus/promql/ast.ts";
import { PromqlError } from "#sandbox/prometheus/promql/error.ts";
import { Evaluator } from "#sandbox/prometheus/promql/evaluate.ts";
import { parsePromql } from "#sandbox/prometheus/promql/parse.ts";
import type { RuleGroup } from "#sandbox/prometheus/rules.ts";
import type { MetricMetadata } from "#sandbox/prometheus/sampler.ts";
import type { Series, SeriesStore } from "#sandbox/prometheus/store.ts";

export interface ApiContext {
  store: SeriesStore;
  rules: RuleGroup;
  metadata(): ReadonlyMap<string, MetricMetadata>;
  /** Milliseconds since the epoch. */
  now: () => number;
  startedAtMs: number;
  intervalSeconds: number;
  speed: number;
  nan: boolean;
}

/** A refusal in the API's own shape. */
export class ApiError extends Error {
  readonly status: number;
  readonly errorType: string;

  constructor(status: number, errorType: string, message: string) {
    super(message);
    this.status = status;
    this.errorType = errorType;
  }
}

/** Points of one series that a range query may have. */
export const maximumPoints = 11_000;

type Handler = (context: ApiContext, given: URLSearchParams, name: string) => unknown;

/** `data` of each path below /api/v1. `post`: takes a form too. */
export const endpoints: Readonly<Record<string, { post: boolean; handle: Handler }>> = {
  query: { post: true, handle: query },
  query_range: { post: true, handle: queryRange },
  labels: { post: true, handle: (context, given) => labelNames(chosen(context, given, false)) },
  series: { post: true, handle: (context, given) => chosen(context, given, true).map((series) => series.labels.values) },
  alerts: { post: false, handle: ({ rules }) => ({ alerts: rules.states().flatMap((state) => state.alerts.map(alertData)) }) },
  rules: { post: false, handle: allRules },
  metadata: { post: false, handle: metadata },
  "status/buildinfo": { post: false, handle: () => ({ version: "2.42.0", revision: "sandbox", branch: "sandbox", buildUser: "", buildDate: "", goVersion: "" }) },
  "status/runtimeinfo": { post: false, handle: runtimeInformation },
};

/** Values of one label, at /api/v1/label/<name>/values. */
export function labelValues(context: ApiContext, given: URLSearchParams, label: string): string[] {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(label)) throw new ApiError(400, "bad_data", `invalid label name: ${JSON.stringify(label)}`);
  return [...new Set(chosen(context, given, false).flatMap((series) => series.labels.values[label] ?? []))].toSorted();
}

function query(context: ApiContext, given: URLSearchParams): unknown {
  const atMs = timeOf(given, "time", context.now());
  timeout(given);
  const expr = parsed(given);
  return instantData(new Evaluator(context.store, { startMs: atMs, endMs: atMs }).at(expr, atMs), atMs, context.nan);
}

function queryRange(context: ApiContext, given: URLSearchParams): unknown {
  const startMs = timeOf(given, "start");
  const endMs = timeOf(given, "end");
  if (endMs < startMs) throw invalid("end", "end timestamp must not be before start time");
  const step = given.get("step") ?? "";
  const stepMs = parseStep(step);
  if (stepMs === undefined) throw invalid("step", `cannot parse ${JSON.stringify(step)} to a valid duration`);
  if (stepMs <= 0) throw invalid("step", "zero or negative query resolution step widths are not accepted. Try a positive integer");
  if ((endMs - startMs) / stepMs > maximumPoints) throw new ApiError(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)");
  timeout(given);
  const expr = parsed(given);
  const type = typeOf(expr);
  if (type !== "vector" && type !== "scalar") throw new ApiError(400, "bad_data", `invalid expression type ${JSON.stringify(typeWords[type])} for range query, must be Scalar or instant Vector`);
  return rangeData(new Evaluator(context.store, { startMs, endMs }).steps(expr, stepMs), context.nan);
}

function parsed(given: URLSearchParams): Expr {
  try {
    return parsePromql(given.get("query") ?? "");
  } catch (error) {
    if (error instanceof PromqlError) throw invalid("query", error.message);
    throw error;
  }
}

function invalid(parameter: string, why: string): ApiError {
  return new ApiError(400, "bad_data", `invalid parameter ${JSON.stringify(parameter)}: ${why}`);
}

function timeOf(given: URLSearchParams, parameter: string, otherwise?: number): number {
  const text = given.get(parameter) ?? "";
  if (text === "" && otherwise !== undefined) return otherwise;
  const ms = parseTime(text);
  if (ms === undefined) throw invalid(parameter, `${otherwise === undefined ? "" : `Invalid time value for '${parameter}': `}cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  return ms;
}

function timeout(given: URLSearchParams): void {
  const text = given.get("timeout") ?? "";
  if (text !== "" && parseStep(text) === undefined) throw invalid("timeout", `cannot parse ${JSON.stringify(text)} to a valid duration`);
}

/** Series with samples between start and end that one of the selectors in match[] takes. */
function chosen({ store, now }: ApiContext, given: URLSearchParams, required: boolean): Series[] {
  const [fromMs, toMs] = [timeOf(given, "start", Number.NEGATIVE_INFINITY), timeOf(given, "end", now())];
  const selectors = given.getAll("match[]").map(selectorOf);
  if (selectors.length === 0 && required) throw new ApiError(400, "bad_data", "no match[] parameter provided");
  const found = selectors.length === 0 ? [...store.all()] : [...new Set(selectors.flatMap((matchers) => store.select(matchers)))];
  return found.filter(({ samples }) => {
    const last = samples.lastAtOrBefore(toMs);
    return last >= 0 && samples.time(last) >= fromMs;
  });
}

function selectorOf(text: string): readonly Matcher[] {
  try {
    const expr = parsePromql(text);
    if (expr.kind === "selector" && expr.offsetMs === 0 && expr.at === undefined) return expr.matchers;
  } catch (error) {
    if (error instanceof PromqlError) throw invalid("match[]", error.message);
    throw error;
  }
  throw invalid("match[]", "1:1: parse error: expected a vector selector");
}

function labelNames(series: readonly Series[]): string[] {
  return [...new Set(series.flatMap(({ labels }) => Object.keys(labels.values)))].toSorted();
}

function allRules({ rules, intervalSeconds, speed }: ApiContext, given: URLSearchParams): unknown {
  const type = (given.get("type") ?? "").toLowerCase();
  if (!["", "alert", "record"].includes(type)) throw invalid("type", `not supported value ${JSON.stringify(type)}`);
  const states = type === "record" ? [] : rules.states();
  const evaluationTime = states.reduce((sum, state) => sum + state.evaluationSeconds, 0);
  const group = { name: rules.name, file: `${rules.name}.yml`, rules: states.map((state) => ruleData(state, speed)), interval: intervalSeconds, limit: 0, evaluationTime, lastEvaluation: goTime(states[0]?.lastEvaluationMs ?? 0) };
  return { groups: states.length === 0 ? [] : [group] };
}

function metadata(context: ApiContext, given: URLSearchParams): unknown {
  const wanted = given.get("metric") ?? "";
  const limit = given.get("limit") ?? "";
  if (limit !== "" && !/^-?\d+$/.test(limit)) throw new ApiError(400, "bad_data", "limit must be a number");
  const all = [...context.metadata()].filter(([name]) => wanted === "" || name === wanted).map(([name, entry]) => [name, [entry]]);
  return Object.fromEntries(limit === "" || Number(limit) < 0 ? all : all.slice(0, Number(limit)));
}

function runtimeInformation({ store, startedAtMs }: ApiContext): unknown {
  return { startTime: goTime(startedAtMs), CWD: "/", reloadConfigSuccess: true, lastConfigTime: goTime(startedAtMs), corruptionCount: 0, goroutineCount: 1, GOMAXPROCS: 1, GOGC: "", GODEBUG: "", storageRetention: "2h", seriesCount: store.size };
}

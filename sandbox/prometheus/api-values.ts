import { formatValue } from "#sandbox/prometheus/promql/format.ts";
import type { Labels } from "#sandbox/prometheus/promql/labels.ts";
import { parseDuration } from "#sandbox/prometheus/promql/literals.ts";
import type { MatrixRow, Value } from "#sandbox/prometheus/promql/value.ts";
import type { ActiveAlert, RuleState } from "#sandbox/prometheus/rules.ts";

/** Milliseconds of a time as the API takes it: RFC 3339 or seconds since the epoch. Undefined for neither. */
export function parseTime(text: string): number | undefined {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Math.round(Number(text) * 1000);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Milliseconds of a step or time-out: a duration or a number of seconds. */
export function parseStep(text: string): number | undefined {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Math.round(Number(text) * 1000);
  return parseDuration(text);
}

type Pair = [number, string];

/** `data` of /query. */
export function instantData(value: Value, atMs: number, nan: boolean): object {
  const pair = (number: number): Pair => [atMs / 1000, formatValue(nan ? Number.NaN : number)];
  switch (value.type) {
    case "scalar":
      return { resultType: "scalar", result: pair(value.value) };
    case "string":
      return { resultType: "string", result: [atMs / 1000, value.value] };
    case "vector":
      return { resultType: "vector", result: value.samples.map((sample) => ({ metric: sample.labels.values, value: pair(sample.value) })) };
    case "matrix":
      return rangeData(value.rows, nan);
  }
}

/** `data` of /query_range. */
export function rangeData(rows: readonly MatrixRow[], nan: boolean): object {
  const inOrder = rows.toSorted((left, right) => compareLabels(left.labels, right.labels));
  return { resultType: "matrix", result: inOrder.map((row) => ({ metric: row.labels.values, values: row.points.map((point): Pair => [point.atMs / 1000, formatValue(nan ? Number.NaN : point.value)]) })) };
}

function compareLabels(left: Labels, right: Labels): number {
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

export function alertData(alert: ActiveAlert): object {
  return { labels: alert.labels.values, annotations: alert.annotations, state: alert.state, activeAt: goTime(alert.activeAtMs), value: exponent(alert.value) };
}

export function ruleData({ rule, alerts, health, lastError, lastEvaluationMs, evaluationSeconds }: RuleState, speed: number): object {
  const state = alerts.some((alert) => alert.state === "firing") ? "firing" : alerts.length > 0 ? "pending" : "inactive";
  return {
    state,
    name: rule.alert,
    query: rule.expr,
    duration: rule.forSeconds / speed,
    keepFiringFor: 0,
    labels: rule.labels,
    annotations: rule.annotations,
    alerts: alerts.map(alertData),
    health,
    ...(lastError !== undefined && { lastError }),
    evaluationTime: evaluationSeconds,
    lastEvaluation: goTime(lastEvaluationMs),
    type: "alerting",
  };
}

/** RFC 3339 as Go writes it: a moment that never was is the year 1. */
export function goTime(atMs: number): string {
  return atMs === 0 ? "0001-01-01T00:00:00Z" : new Date(atMs).toISOString();
}

/** Alerts give their value with an exponent of at least two digits: "1e+00". */
function exponent(value: number): string {
  return Number.isFinite(value) ? value.toExponential().replace(/e([+-])(\d)$/, "e$10$2") : formatValue(value);
}

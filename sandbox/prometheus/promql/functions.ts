import type { CallExpr, Expr } from "#sandbox/prometheus/promql/ast.ts";
import { executionError } from "#sandbox/prometheus/promql/error.ts";
import { bucketQuantile, parseBound } from "#sandbox/prometheus/promql/histogram.ts";
import { makeLabels, memoised, withoutLabels, withoutName, noLabels, nameLabel, type Labels } from "#sandbox/prometheus/promql/labels.ts";
import { anchored } from "#sandbox/prometheus/promql/literals.ts";
import { overTime, quantileOf, regression } from "#sandbox/prometheus/promql/over-time.ts";
import { scalar, vector, type MatrixRow, type Sample, type Value } from "#sandbox/prometheus/promql/value.ts";

const round = (value: number, to: number): number => {
  const inverse = 1 / to;
  return Math.floor(value * inverse + 0.5) / inverse;
};

/** Number in, number out. */
const simple: Readonly<Record<string, (value: number, ...more: number[]) => number>> = {
  abs: Math.abs, acos: Math.acos, acosh: Math.acosh, asin: Math.asin, asinh: Math.asinh, atan: Math.atan, atanh: Math.atanh,
  ceil: Math.ceil, cos: Math.cos, cosh: Math.cosh, exp: Math.exp, floor: Math.floor, ln: Math.log, log10: Math.log10, log2: Math.log2,
  sin: Math.sin, sinh: Math.sinh, sqrt: Math.sqrt, tan: Math.tan, tanh: Math.tanh,
  deg: (value) => (value * 180) / Math.PI,
  rad: (value) => (value * Math.PI) / 180,
  sgn: (value) => (Number.isNaN(value) ? value : Math.sign(value)),
  round: (value, to = 1) => round(value, to),
  clamp_max: (value, most = Number.NaN) => (Number.isNaN(value) || Number.isNaN(most) ? Number.NaN : Math.min(value, most)),
  clamp_min: (value, least = Number.NaN) => (Number.isNaN(value) || Number.isNaN(least) ? Number.NaN : Math.max(value, least)),
  day_of_month: (value) => date(value).getUTCDate(),
  day_of_week: (value) => date(value).getUTCDay(),
  day_of_year: (value) => Math.floor((Math.floor(value) * 1000 - Date.UTC(date(value).getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
  days_in_month: (value) => new Date(Date.UTC(date(value).getUTCFullYear(), date(value).getUTCMonth() + 1, 0)).getUTCDate(),
  hour: (value) => date(value).getUTCHours(),
  minute: (value) => date(value).getUTCMinutes(),
  month: (value) => date(value).getUTCMonth() + 1,
  year: (value) => date(value).getUTCFullYear(),
};

function date(seconds: number): Date {
  return new Date(Math.floor(seconds) * 1000);
}

/** Calls a function whose arguments' types were checked. `args` are evaluated; `node` is for those that look at the expression itself. */
export function callFunction(node: CallExpr, args: readonly Value[], atMs: number): Value {
  const { name } = node;
  const [first, second] = args;
  const over = overTime[name];
  if (over && first?.type === "matrix") {
    return vector(first.rows.flatMap(({ labels, points }) => {
      const value = over(points, first.fromMs, first.toMs);
      // A last value is still a sample of that metric; everything else is something made of it.
      return value === undefined ? [] : [{ labels: name === "last_over_time" ? labels : withoutName(labels), value }];
    }));
  }
  const compute = simple[name];
  if (compute) {
    const numbers = args.slice(1).map(numberOf);
    const samples = first === undefined ? [{ labels: noLabels, value: atMs / 1000 }] : samplesOf(first);
    return vector(samples.map(({ labels, value }) => ({ labels: withoutName(labels), value: compute(value, ...numbers) })));
  }
  switch (name) {
    case "time":
      return scalar(atMs / 1000);
    case "pi":
      return scalar(Math.PI);
    case "vector":
      return vector([{ labels: noLabels, value: numberOf(first) }]);
    case "scalar": {
      const samples = samplesOf(first);
      return scalar(samples.length === 1 && samples[0] ? samples[0].value : Number.NaN);
    }
    case "clamp": {
      const [least, most] = [numberOf(second), numberOf(args[2])];
      if (most < least) return vector([]);
      return vector(samplesOf(first).map(({ labels, value }) => ({ labels: withoutName(labels), value: Math.max(least, Math.min(most, value)) })));
    }
    case "absent":
      return vector(samplesOf(first).length > 0 ? [] : [{ labels: labelsOfAbsent(node.args[0]), value: 1 }]);
    case "absent_over_time":
      return vector(rowsOf(first).length > 0 ? [] : [{ labels: labelsOfAbsent(node.args[0]), value: 1 }]);
    case "sort":
    case "sort_desc":
      return vector(sorted(samplesOf(first), name === "sort_desc"));
    case "timestamp":
      return vector(samplesOf(first).map(({ labels }) => ({ labels: withoutName(labels), value: atMs / 1000 })));
    case "quantile_over_time":
      return vector(rowsOf(second).map(({ labels, points }) => ({ labels: withoutName(labels), value: quantileOf(numberOf(first), points.map((point) => point.value)) })));
    case "predict_linear":
      return vector(rowsOf(first).flatMap(({ labels, points }) => {
        const line = regression(points, atMs);
        return line === undefined ? [] : [{ labels: withoutName(labels), value: line.slope * numberOf(second) + line.intercept }];
      }));
    case "histogram_quantile":
      return vector(histogramQuantile(numberOf(first), samplesOf(second)));
    case "histogram_count":
    case "histogram_sum":
    case "histogram_fraction":
      // Of native histograms, and there are none.
      return vector([]);
    case "label_replace":
      return vector(labelReplace(samplesOf(first), args.slice(1).map(textOf)));
    case "label_join":
      return vector(labelJoin(samplesOf(first), args.slice(1).map(textOf)));
    default:
      throw executionError(`the sandbox's Prometheus does not compute ${name}()`);
  }
}

const withoutBound = memoised((labels) => withoutLabels(labels, new Set(["le", nameLabel])));

function histogramQuantile(q: number, samples: readonly Sample[]): Sample[] {
  const groups = new Map<string, { labels: Labels; buckets: { upper: number; count: number }[] }>();
  for (const { labels, value } of samples) {
    const upper = parseBound(labels.values.le);
    if (upper === undefined) continue;
    const group = withoutBound(labels);
    const known = groups.get(group.key) ?? { labels: group, buckets: [] };
    known.buckets.push({ upper, count: value });
    groups.set(group.key, known);
  }
  return [...groups.values()].map(({ labels, buckets }) => ({ labels, value: bucketQuantile(q, buckets) }));
}

function labelReplace(samples: readonly Sample[], [target = "", replacement = "", source = "", pattern = ""]: string[]): Sample[] {
  const regex = compiled(pattern);
  requireLabelName(target, "destination", "label_replace");
  return samples.map(({ labels, value }) => {
    const match = regex.exec(labels.values[source] ?? "");
    if (match === null) return { labels, value };
    const text = replacement.replaceAll(/\$(?:\{(\w+)\}|(\w+)|\$)/g, (whole, braced?: string, bare?: string) => {
      const group = braced ?? bare;
      if (group === undefined) return whole === "$$" ? "$" : whole;
      return (/^\d+$/.test(group) ? match[Number(group)] : match.groups?.[group]) ?? "";
    });
    return { labels: makeLabels({ ...labels.values, [target]: text }), value };
  });
}

function labelJoin(samples: readonly Sample[], [target = "", separator = "", ...sources]: string[]): Sample[] {
  requireLabelName(target, "destination", "label_join");
  return samples.map(({ labels, value }) => ({ labels: makeLabels({ ...labels.values, [target]: sources.map((source) => labels.values[source] ?? "").join(separator) }), value }));
}

function compiled(pattern: string): RegExp {
  try {
    return anchored(pattern);
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`);
  }
}

function requireLabelName(label: string, which: string, called: string): void {
  if (!/^[A-Za-z_]\w*$/.test(label)) throw executionError(`invalid ${which} label name in ${called}(): ${label}`);
}

/** What an absent series would have been called, as far as its selector says. */
function labelsOfAbsent(arg: Expr | undefined): Labels {
  const selector = arg?.kind === "matrix" ? arg.selector : arg;
  if (selector?.kind !== "selector") return noLabels;
  const named = selector.matchers.filter((matcher) => matcher.label !== nameLabel);
  const once = named.filter((matcher) => matcher.op === "=" && named.filter((other) => other.label === matcher.label).length === 1);
  return makeLabels(Object.fromEntries(once.map((matcher) => [matcher.label, matcher.value])));
}

function sorted(samples: readonly Sample[], descending: boolean): Sample[] {
  return samples.toSorted((left, right) => {
    if (Number.isNaN(left.value) || Number.isNaN(right.value)) return Number(Number.isNaN(left.value)) - Number(Number.isNaN(right.value));
    return descending ? right.value - left.value : left.value - right.value;
  });
}

function samplesOf(value: Value | undefined): readonly Sample[] {
  return value?.type === "vector" ? value.samples : [];
}

function rowsOf(value: Value | undefined): readonly MatrixRow[] {
  return value?.type === "matrix" ? value.rows : [];
}

function numberOf(value: Value | undefined): number {
  return value?.type === "scalar" ? value.value : Number.NaN;
}

function textOf(value: Value): string {
  return value.type === "string" ? value.value : "";
}

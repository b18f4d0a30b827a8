import type { ValueType } from "#sandbox/prometheus/promql/ast.ts";

export interface Signature {
  args: readonly ValueType[];
  /** How many of the last arguments may be left out; -1: the last may be repeated. */
  optional: number;
  returns: ValueType;
}

const over: Signature = { args: ["matrix"], optional: 0, returns: "vector" };
const each: Signature = { args: ["vector"], optional: 0, returns: "vector" };
const date: Signature = { args: ["vector"], optional: 1, returns: "vector" };
const of = (args: ValueType[], returns: ValueType = "vector", optional = 0): Signature => ({ args, optional, returns });

const overNames = ["rate", "irate", "increase", "delta", "idelta", "changes", "resets", "deriv", "absent_over_time", "present_over_time", "avg_over_time", "count_over_time", "last_over_time", "max_over_time", "min_over_time", "stddev_over_time", "stdvar_over_time", "sum_over_time"];
const eachNames = ["abs", "absent", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg", "exp", "floor", "ln", "log10", "log2", "rad", "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "tan", "tanh", "timestamp"];
const dateNames = ["day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"];

/** Functions of Prometheus 2.42 and their arguments. Source: https://prometheus.io/docs/prometheus/2.42/querying/functions/ */
export const signatures: Readonly<Record<string, Signature>> = {
  ...Object.fromEntries(overNames.map((name) => [name, over])),
  ...Object.fromEntries(eachNames.map((name) => [name, each])),
  ...Object.fromEntries(dateNames.map((name) => [name, date])),
  clamp: of(["vector", "scalar", "scalar"]),
  clamp_max: of(["vector", "scalar"]),
  clamp_min: of(["vector", "scalar"]),
  histogram_count: each,
  histogram_fraction: of(["scalar", "scalar", "vector"]),
  histogram_quantile: of(["scalar", "vector"]),
  histogram_sum: each,
  label_join: of(["vector", "string", "string", "string"], "vector", -1),
  label_replace: of(["vector", "string", "string", "string", "string"]),
  pi: of([], "scalar"),
  predict_linear: of(["matrix", "scalar"]),
  quantile_over_time: of(["scalar", "matrix"]),
  round: of(["vector", "scalar"], "vector", 1),
  scalar: of(["vector"], "scalar"),
  time: of([], "scalar"),
  vector: of(["scalar"]),
};

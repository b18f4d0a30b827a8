import { aggregate } from "#sandbox/prometheus/promql/aggregate.ts";
import type { At, CallExpr, Expr, SelectorExpr, SubqueryExpr } from "#sandbox/prometheus/promql/ast.ts";
import { applyBinary } from "#sandbox/prometheus/promql/binary.ts";
import { executionError } from "#sandbox/prometheus/promql/error.ts";
import { callFunction } from "#sandbox/prometheus/promql/functions.ts";
import { noLabels, withoutName, type Labels } from "#sandbox/prometheus/promql/labels.ts";
import { scalar, vector, type MatrixRow, type Point, type Sample, type Value } from "#sandbox/prometheus/promql/value.ts";
import type { Series, SeriesStore } from "#sandbox/prometheus/store.ts";

const lookbackMs = 5 * 60_000;
const defaultSubqueryStepMs = 60_000;
/** Of one query, over all its steps. */
const maximumSamples = 20_000_000;

export interface EvaluationTime {
  startMs: number;
  endMs: number;
}

/** Evaluates one parsed query over the store. Make a new one for each query: it remembers what its selectors found. */
export class Evaluator {
  readonly #store: SeriesStore;
  readonly #time: EvaluationTime;
  readonly #found = new Map<SelectorExpr, readonly Series[]>();
  #samples = 0;

  constructor(store: SeriesStore, time: EvaluationTime) {
    this.#store = store;
    this.#time = time;
  }

  /** The value at one moment. Throws PromqlError "execution". */
  at(expr: Expr, atMs: number): Value {
    switch (expr.kind) {
      case "number":
        return scalar(expr.value);
      case "string":
        return { type: "string", value: expr.value };
      case "paren":
        return this.at(expr.expr, atMs);
      case "unary":
        return this.#unary(this.at(expr.expr, atMs), expr.negative);
      case "selector":
        return vector(this.#instant(expr, atMs).map(({ labels, value }) => ({ labels, value })));
      case "matrix":
        return this.#range(expr.selector, expr.rangeMs, atMs);
      case "subquery":
        return this.#subquery(expr, atMs);
      case "call":
        return this.#call(expr, atMs);
      case "aggregate": {
        const inner = this.at(expr.expr, atMs);
        const param = expr.param && this.at(expr.param, atMs);
        return vector(unique(aggregate(expr, inner.type === "vector" ? inner.samples : [], param)));
      }
      case "binary":
        return this.#unique(applyBinary(expr, this.at(expr.left, atMs), this.at(expr.right, atMs)));
    }
  }

  /** The values from start to end, a step apart: one row per series, in which moments without a value are absent. */
  steps(expr: Expr, stepMs: number): MatrixRow[] {
    const rows = new Map<string, MatrixRow>();
    const add = (key: string, labels: Labels, point: Point) => {
      const row = rows.get(key);
      if (row) row.points.push(point);
      else rows.set(key, { labels, points: [point] });
    };
    for (let atMs = this.#time.startMs; atMs <= this.#time.endMs; atMs += stepMs) {
      const value = this.at(expr, atMs);
      if (value.type === "scalar") add("", noLabels, { atMs, value: value.value });
      if (value.type === "vector") for (const sample of value.samples) add(sample.labels.key, sample.labels, { atMs, value: sample.value });
    }
    return [...rows.values()];
  }

  #count(samples: number): void {
    this.#samples += samples;
    if (this.#samples > maximumSamples) throw executionError("query processing would load too many samples into memory in query execution");
  }

  #unary(value: Value, negative: boolean): Value {
    if (!negative) return value;
    if (value.type === "scalar") return scalar(-value.value);
    if (value.type !== "vector") return value;
    return this.#unique(vector(value.samples.map((sample) => ({ labels: withoutName(sample.labels), value: -sample.value }))));
  }

  #unique(value: Value): Value {
    return value.type === "vector" ? vector(unique(value.samples)) : value;
  }

  #seriesOf(selector: SelectorExpr): readonly Series[] {
    const known = this.#found.get(selector);
    if (known) return known;
    const found = this.#store.select(selector.matchers);
    this.#found.set(selector, found);
    return found;
  }

  #fixed(at: At | undefined, atMs: number): number {
    if (at === undefined) return atMs;
    return at === "start" ? this.#time.startMs : at === "end" ? this.#time.endMs : at;
  }

  #instant(selector: SelectorExpr, atMs: number): (Sample & Point)[] {
    const moment = this.#fixed(selector.at, atMs) - selector.offsetMs;
    const series = this.#seriesOf(selector);
    this.#count(series.length);
    const found: (Sample & Point)[] = [];
    for (const { labels, samples } of series) {
      const index = samples.lastAtOrBefore(moment);
      if (index < 0 || samples.isStale(index)) continue;
      const time = samples.time(index);
      if (time >= moment - lookbackMs) found.push({ labels, value: samples.value(index), atMs: time });
    }
    return found;
  }

  #range(selector: SelectorExpr, rangeMs: number, atMs: number): Value {
    const toMs = this.#fixed(selector.at, atMs) - selector.offsetMs;
    const fromMs = toMs - rangeMs;
    const rows: MatrixRow[] = [];
    for (const { labels, samples } of this.#seriesOf(selector)) {
      const points = samples.between(fromMs, toMs);
      this.#count(points.length);
      if (points.length > 0) rows.push({ labels, points });
    }
    return { type: "matrix", rows, fromMs, toMs };
  }

  /** Steps of a subquery lie at whole multiples of its step, whatever the query's own. */
  #subquery(node: SubqueryExpr, atMs: number): Value {
    const toMs = this.#fixed(node.at, atMs) - node.offsetMs;
    const fromMs = toMs - node.rangeMs;
    const stepMs = node.stepMs ?? defaultSubqueryStepMs;
    const rows = new Map<string, MatrixRow>();
    for (let moment = Math.ceil(fromMs / stepMs) * stepMs; moment <= toMs; moment += stepMs) {
      const value = this.at(node.expr, moment);
      this.#count(1);
      for (const sample of value.type === "vector" ? value.samples : []) {
        const row = rows.get(sample.labels.key) ?? { labels: sample.labels, points: [] };
        row.points.push({ atMs: moment, value: sample.value });
        rows.set(sample.labels.key, row);
      }
    }
    return { type: "matrix", rows: [...rows.values()], fromMs, toMs };
  }

  #call(node: CallExpr, atMs: number): Value {
    const [first] = node.args;
    // Of a plain selector, the times of the samples themselves.
    if (node.name === "timestamp" && first?.kind === "selector") return this.#unique(vector(this.#instant(first, atMs).map((sample) => ({ labels: withoutName(sample.labels), value: sample.atMs / 1000 }))));
    return this.#unique(callFunction(node, node.args.map((arg) => this.at(arg, atMs)), atMs));
  }
}

/** The samples, when no two of them have the same labels. */
function unique(samples: Sample[]): Sample[] {
  const seen = new Set<string>();
  for (const { labels } of samples) {
    if (seen.has(labels.key)) throw executionError("vector cannot contain metrics with the same labelset");
    seen.add(labels.key);
  }
  return samples;
}

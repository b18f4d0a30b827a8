import type { AggregateExpr } from "#sandbox/prometheus/promql/ast.ts";
import { executionError } from "#sandbox/prometheus/promql/error.ts";
import { makeLabels, memoised, nameLabel, onlyLabels, withoutLabels, type Labels } from "#sandbox/prometheus/promql/labels.ts";
import { quantileOf, varianceOf } from "#sandbox/prometheus/promql/over-time.ts";
import { formatValue } from "#sandbox/prometheus/promql/format.ts";
import type { Sample, Value } from "#sandbox/prometheus/promql/value.ts";

type Reduce = (values: readonly number[]) => number;

const reductions: Readonly<Record<string, Reduce>> = {
  sum: (values) => values.reduce((total, value) => total + value, 0),
  avg: (values) => values.reduce((total, value) => total + value, 0) / values.length,
  count: (values) => values.length,
  group: () => 1,
  max: (values) => values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most), Number.NaN),
  min: (values) => values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least), Number.NaN),
  stddev: (values) => Math.sqrt(varianceOf(values)),
  stdvar: varianceOf,
};

const groupings = new WeakMap<AggregateExpr, (labels: Labels) => Labels>();

function groupingOf(node: AggregateExpr): (labels: Labels) => Labels {
  const known = groupings.get(node);
  if (known) return known;
  const dropped = new Set([...node.labels, nameLabel]);
  const made = memoised((labels) => (node.without ? withoutLabels(labels, dropped) : onlyLabels(labels, node.labels)));
  groupings.set(node, made);
  return made;
}

/** One result per group, in the order the groups first appear; topk and bottomk keep the samples themselves. */
export function aggregate(node: AggregateExpr, samples: readonly Sample[], param: Value | undefined): Sample[] {
  const grouping = groupingOf(node);
  const groups = new Map<string, { labels: Labels; members: Sample[] }>();
  for (const sample of samples) {
    const labels = grouping(sample.labels);
    const group = groups.get(labels.key);
    if (group) group.members.push(sample);
    else groups.set(labels.key, { labels, members: [sample] });
  }
  const reduce = reductions[node.op];
  return [...groups.values()].flatMap(({ labels, members }): Sample[] => {
    if (reduce) return [{ labels, value: reduce(members.map((member) => member.value)) }];
    if (node.op === "quantile") return [{ labels, value: quantileOf(numberOf(param), members.map((member) => member.value)) }];
    if (node.op === "count_values") return countValues(labels, members, param);
    return extremes(members, wholeOf(param), node.op === "topk");
  });
}

/** The k largest or smallest, in order; not-a-number is the last choice. */
function extremes(members: readonly Sample[], k: number, largest: boolean): Sample[] {
  const order = (left: Sample, right: Sample) => {
    if (Number.isNaN(left.value) || Number.isNaN(right.value)) return Number(Number.isNaN(left.value)) - Number(Number.isNaN(right.value));
    return largest ? right.value - left.value : left.value - right.value;
  };
  return members.toSorted(order).slice(0, Math.max(0, k));
}

function countValues(labels: Labels, members: readonly Sample[], param: Value | undefined): Sample[] {
  const label = param?.type === "string" ? param.value : "";
  if (!/^[A-Za-z_]\w*$/.test(label)) throw executionError(`invalid label name ${JSON.stringify(label)}`);
  const counts = new Map<string, number>();
  for (const { value } of members) counts.set(formatValue(value), (counts.get(formatValue(value)) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ labels: makeLabels({ ...labels.values, [label]: value }), value: count }));
}

function numberOf(param: Value | undefined): number {
  return param?.type === "scalar" ? param.value : Number.NaN;
}

function wholeOf(param: Value | undefined): number {
  const value = numberOf(param);
  if (Number.isNaN(value) || Math.abs(value) > 2 ** 63) throw executionError(`Scalar value ${formatValue(value)} overflows int64`);
  return Math.trunc(value);
}

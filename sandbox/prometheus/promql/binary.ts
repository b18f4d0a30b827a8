import { comparisons, setOperators, type BinaryExpr, type Matching } from "#sandbox/prometheus/promql/ast.ts";
import { executionError } from "#sandbox/prometheus/promql/error.ts";
import { makeLabels, memoised, nameLabel, onlyLabels, printLabels, withoutLabels, withoutName, type Labels } from "#sandbox/prometheus/promql/labels.ts";
import { scalar, vector, type Sample, type Value } from "#sandbox/prometheus/promql/value.ts";

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "^": power,
  atan2: Math.atan2,
  "==": (left, right) => Number(left === right),
  "!=": (left, right) => Number(left !== right),
  ">": (left, right) => Number(left > right),
  "<": (left, right) => Number(left < right),
  ">=": (left, right) => Number(left >= right),
  "<=": (left, right) => Number(left <= right),
};

/** As IEEE 754 has it: 1 to the power of anything is 1. */
function power(left: number, right: number): number {
  if (left === 1 || (left === -1 && Math.abs(right) === Number.POSITIVE_INFINITY)) return 1;
  return left ** right;
}

/** Operators whose result still carries the metric's name; atan2 does in Prometheus 2. */
function keepsName(op: string, filters: boolean): boolean {
  return filters || op === "atan2";
}

type Signature = (labels: Labels) => Labels;
const signatures = new WeakMap<Matching, Signature>();

function signatureOf(matching: Matching): Signature {
  const known = signatures.get(matching);
  if (known) return known;
  const ignored = new Set([...matching.labels, nameLabel]);
  const made = memoised((labels) => (matching.on ? onlyLabels(labels, matching.labels) : withoutLabels(labels, ignored)));
  signatures.set(matching, made);
  return made;
}

/** Applies an operator whose types were checked. Throws PromqlError "execution" when series cannot be paired. */
export function applyBinary(node: BinaryExpr, left: Value, right: Value): Value {
  const { op } = node;
  const compute = arithmetic[op];
  if (left.type === "vector" && right.type === "vector") return vector(setOperators.has(op) ? applySet(node, left.samples, right.samples) : pair(node, left.samples, right.samples));
  if (compute === undefined) throw executionError(`the operator ${op} is not supported between these types`);
  if (left.type === "scalar" && right.type === "scalar") return scalar(compute(left.value, right.value));
  const filters = comparisons.has(op) && !node.bool;
  const each = (samples: readonly Sample[], result: (value: number) => number): Value =>
    vector(samples.flatMap((sample) => {
      const value = result(sample.value);
      if (filters) return value === 1 ? [sample] : [];
      return [{ labels: keepsName(op, false) ? sample.labels : withoutName(sample.labels), value }];
    }));
  if (left.type === "vector" && right.type === "scalar") return each(left.samples, (value) => compute(value, right.value));
  if (left.type === "scalar" && right.type === "vector") return each(right.samples, (value) => compute(left.value, value));
  throw executionError(`the operator ${op} is not supported between these types`);
}

function applySet({ op, matching }: BinaryExpr, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  const signature = signatureOf(matching);
  const keys = (samples: readonly Sample[]) => new Set(samples.map((sample) => signature(sample.labels).key));
  if (op === "or") {
    const known = keys(left);
    return [...left, ...right.filter((sample) => !known.has(signature(sample.labels).key))];
  }
  const known = keys(right);
  return left.filter((sample) => known.has(signature(sample.labels).key) === (op === "and"));
}

/** Pairs each sample of the "many" side with the one of the other that has the same signature. */
function pair({ op, bool, matching }: BinaryExpr, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  const compute = arithmetic[op];
  if (compute === undefined) throw executionError(`the operator ${op} is not supported between vectors`);
  const signature = signatureOf(matching);
  const swapped = matching.group === "right";
  const [many, one] = swapped ? [right, left] : [left, right];
  const bySignature = new Map<string, Sample>();
  for (const sample of one) {
    const group = signature(sample.labels);
    const before = bySignature.get(group.key);
    if (before) throw executionError(`found duplicate series for the match group ${printLabels(group)} on the ${swapped ? "left" : "right"} hand-side of the operation: [${printLabels(sample.labels)}, ${printLabels(before.labels)}];many-to-many matching not allowed: matching labels must be unique on one side`);
    bySignature.set(group.key, sample);
  }
  const filters = comparisons.has(op) && !bool;
  const seen = new Set<string>();
  const result: Sample[] = [];
  for (const sample of many) {
    const group = signature(sample.labels);
    const other = bySignature.get(group.key);
    if (other === undefined) continue;
    const computed = swapped ? compute(other.value, sample.value) : compute(sample.value, other.value);
    if (filters && computed !== 1) continue;
    const labels = resultLabels(sample.labels, other.labels, matching, keepsName(op, filters));
    const unique = matching.group === undefined ? group.key : labels.key;
    if (seen.has(unique)) throw executionError(matching.group === undefined ? "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)" : "multiple matches for labels: grouping labels must ensure unique matches");
    seen.add(unique);
    result.push({ labels, value: filters ? (swapped ? other.value : sample.value) : computed });
  }
  return result;
}

function resultLabels(many: Labels, one: Labels, matching: Matching, named: boolean): Labels {
  const base = named ? many : withoutName(many);
  if (matching.group === undefined) return matching.on ? onlyLabels(base, matching.labels) : matching.labels.size === 0 ? base : withoutLabels(base, matching.labels);
  if (matching.include.length === 0) return base;
  return makeLabels({ ...base.values, ...Object.fromEntries(matching.include.map((label) => [label, one.values[label] ?? ""])) });
}

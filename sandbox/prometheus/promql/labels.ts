/** A set of labels that is made once and compared by its key. Empty values are absent labels. */
export interface Labels {
  readonly values: Readonly<Record<string, string>>;
  /** The same for equal sets, whatever the order they were given in. */
  readonly key: string;
}

export const nameLabel = "__name__";

export function makeLabels(values: Readonly<Record<string, string>>): Labels {
  const kept: Record<string, string> = {};
  let key = "";
  for (const name of Object.keys(values).toSorted()) {
    const value = values[name] ?? "";
    if (value === "") continue;
    kept[name] = value;
    key += `${name}\u0001${value}\u0002`;
  }
  return { values: kept, key };
}

export const noLabels = makeLabels({});

/** A function of labels that remembers its results for as long as the labels live. */
export function memoised<Result extends object | string>(make: (labels: Labels) => Result): (labels: Labels) => Result {
  const known = new WeakMap<Labels, Result>();
  return (labels) => {
    const before = known.get(labels);
    if (before !== undefined) return before;
    const made = make(labels);
    known.set(labels, made);
    return made;
  };
}

/** Without the metric's name: what most functions and operators leave. */
export const withoutName = memoised((labels) => (nameLabel in labels.values ? makeLabels({ ...labels.values, [nameLabel]: "" }) : labels));

export function withoutLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return makeLabels(Object.fromEntries(Object.entries(labels.values).filter(([name]) => !names.has(name))));
}

export function onlyLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return makeLabels(Object.fromEntries(Object.entries(labels.values).filter(([name]) => names.has(name))));
}

/** As Prometheus prints them in messages: `{a="b", c="d"}`. */
export function printLabels(labels: Labels): string {
  const { [nameLabel]: name = "", ...rest } = labels.values;
  const inside = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${inside.join(", ")}}`;
}

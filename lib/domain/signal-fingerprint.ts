export type Labels = Readonly<Record<string, string>>;

const offset = 14695981039346656037n;
const prime = 1099511628211n;
const mask = (1n << 64n) - 1n;
const encoder = new TextEncoder();

/**
 * Identity of a label set as Alertmanager computes it: FNV-1a of 64 bits over names and values in the order of the names, a byte 255 after each; 16 hex digits.
 * Empty values are absent labels. Source: github.com/prometheus/common, model/signature.go.
 */
export function fingerprintOf(labels: Labels): string {
  let hash = offset;
  for (const name of Object.keys(labels).toSorted()) {
    const value = labels[name] ?? "";
    if (value === "") continue;
    for (const text of [name, value]) {
      for (const byte of encoder.encode(text)) hash = ((hash ^ BigInt(byte)) * prime) & mask;
      hash = ((hash ^ 255n) * prime) & mask;
    }
  }
  return hash.toString(16).padStart(16, "0");
}

/** The same for equal label sets, and quicker to make than a fingerprint. With `names`, of those labels only; null when one of them is missing. */
export function labelKey(labels: Labels, names: readonly string[] = Object.keys(labels).toSorted()): string | null {
  let key = "";
  for (const name of names) {
    const value = labels[name];
    if (value === undefined) return null;
    key += `${name}\u0001${value}\u0002`;
  }
  return key;
}

/** Label sets, to find those that hold a given one whole, or are held by it: Prometheus adds its external labels only to what it sends. */
export interface LabelIndex<Item> {
  /** Items with fewer labels, all of them equal to those given. */
  within(labels: Labels): Item[];
  /** Items with more labels, among them all that are given. */
  around(labels: Labels): Item[];
}

export function createLabelIndex<Item>(items: Iterable<Item>, labelsOf: (item: Item) => Labels): LabelIndex<Item> {
  const shapes = new Map<string, { names: string[]; items: Item[]; byKey: Map<string, Item[]> }>();
  for (const item of items) {
    const labels = labelsOf(item);
    const names = Object.keys(labels).toSorted();
    const shape = shapes.get(names.join("\u0001")) ?? { names, items: [], byKey: new Map<string, Item[]>() };
    shapes.set(names.join("\u0001"), shape);
    shape.items.push(item);
    push(shape.byKey, labelKey(labels, names) ?? "", item);
  }
  const projections = new Map<string, Map<string, Item[]>>();

  function projected(names: readonly string[]): Map<string, Item[]> {
    const known = projections.get(names.join("\u0001"));
    if (known !== undefined) return known;
    const made = new Map<string, Item[]>();
    for (const shape of shapes.values()) {
      if (shape.names.length <= names.length || !names.every((name) => shape.names.includes(name))) continue;
      for (const item of shape.items) push(made, labelKey(labelsOf(item), names) ?? "", item);
    }
    projections.set(names.join("\u0001"), made);
    return made;
  }

  return {
    within(labels) {
      const count = Object.keys(labels).length;
      return [...shapes.values()].flatMap(({ names, byKey }) => {
        if (names.length >= count || !names.includes("alertname")) return [];
        const key = labelKey(labels, names);
        return key === null ? [] : (byKey.get(key) ?? []);
      });
    },
    around(labels) {
      const names = Object.keys(labels).toSorted();
      return names.includes("alertname") ? (projected(names).get(labelKey(labels, names) ?? "") ?? []) : [];
    },
  };
}

function push<Item>(into: Map<string, Item[]>, key: string, item: Item): void {
  const there = into.get(key);
  if (there === undefined) into.set(key, [item]);
  else there.push(item);
}

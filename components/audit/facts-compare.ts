export interface Fact {
  path: string;
  before: string | null;
  after: string | null;
}

/**
 * Two recorded objects as lines for reading: one per leaf, with its path ("bigPods.core.images.core"). What is the same on both sides is one fact with equal sides.
 * Bounded in depth and number: what lies beyond is a leaf of JSON, or left to the raw entry.
 */
export function compareFacts(before: Readonly<Record<string, unknown>> | null, after: Readonly<Record<string, unknown>> | null): Fact[] {
  const left = leaves(before);
  const right = leaves(after);
  return [...new Set([...left.keys(), ...right.keys()])].slice(0, mostFacts).map((path) => ({ path, before: left.get(path) ?? null, after: right.get(path) ?? null }));
}

const mostFacts = 300;
const deepest = 8;

function leaves(root: Readonly<Record<string, unknown>> | null): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (value: unknown, path: string, depth: number): void => {
    if (found.size >= mostFacts) return;
    const inner = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    if (inner.length > 0 && depth < deepest) for (const [key, child] of inner) visit(child, path === "" ? key : `${path}.${key}`, depth + 1);
    else if (path !== "") found.set(path, asText(value));
  };
  visit(root, "", 0);
  return found;
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(", ");
  return JSON.stringify(value) ?? "";
}

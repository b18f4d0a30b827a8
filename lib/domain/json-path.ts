export type JsonFound = { found: true; value: unknown } | { found: false; sentence: string };

const step = /\.([A-Za-z_][\w-]*)|\[([0-9]+)\]|\["([^"]*)"\]/y;

/**
 * The value at a path of names and indices: `$.status`, `$.checks[0]["core:db"].ok`. No wildcards, no filters, no code: a subset of RFC 9535.
 * Total: whatever the path or the value, the answer is a value or a sentence. Only own properties are seen.
 */
export function jsonPathValue(path: string, root: unknown): JsonFound {
  if (!path.startsWith("$")) return { found: false, sentence: `"${path}" is not a path: it begins with $` };
  let value = root;
  let at = 1;
  while (at < path.length) {
    step.lastIndex = at;
    const match = step.exec(path);
    if (match === null) return { found: false, sentence: `"${path}" is not a path at character ${at + 1}` };
    const [whole, name, index, quoted] = match;
    const key = index ?? name ?? quoted ?? "";
    const holder: unknown = value;
    const fits = index === undefined ? typeof holder === "object" && holder !== null && !Array.isArray(holder) : Array.isArray(holder);
    if (!fits || !Object.hasOwn(holder as object, key)) return { found: false, sentence: `there is nothing at ${path.slice(0, at + whole.length)}` };
    value = (holder as Record<string, unknown>)[key]; // an object or array that has this key, seen just before
    at += whole.length;
  }
  return { found: true, value };
}

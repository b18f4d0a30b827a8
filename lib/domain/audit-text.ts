/** What the audit log can keep. PostgreSQL's text holds no NUL, UTF-8 holds no half of a surrogate pair, and JSON no NaN. */

const nul = String.fromCharCode(0);

/** Parts of an entry that people and programs write: what they wrote is kept exactly or refused. All else comes from outside and is made keepable. */
export type TextRule = "refuse" | "replace";

export interface TextProblem {
  /** "after.log[3]" */
  path: string;
  problem: string;
}

/** NUL becomes the visible symbol U+2400, half a surrogate pair U+FFFD. */
export function keepableText(text: string): string {
  return text.replaceAll(nul, "\u2400").toWellFormed();
}

function isKeepable(text: string): boolean {
  return !text.includes(nul) && text.isWellFormed();
}

/**
 * Walks a JSON-like value. With "replace", texts and keys come back keepable; with "refuse", the first that is not is a problem.
 * Numbers that JSON cannot say or a reader could not read back exactly (NaN, infinities, integers past 2^53, bigint) are problems in both.
 * `undefined` members are left out, as JSON does. Depth is limited, because the log is read by programs that recurse.
 */
export function keepable(value: unknown, rule: TextRule, path = "", depth = 0): { value: unknown } | TextProblem {
  if (depth > 40) return { path, problem: "is nested more than 40 deep" };
  if (typeof value === "string") {
    if (isKeepable(value)) return { value };
    return rule === "replace" ? { value: keepableText(value) } : { path, problem: "holds a NUL character or half of a surrogate pair" };
  }
  if (typeof value === "bigint") return { path, problem: "is an integer that JSON readers would round" };
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return { path, problem: "is not a finite number" };
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? { path, problem: "is an integer past 2^53, which JSON readers would round" } : { value };
  }
  if (Array.isArray(value)) return walk(value.map((item, index): [string, unknown] => [String(index), item]), rule, path, depth, (entries) => entries.map(([, item]) => item));
  if (typeof value === "object" && value !== null) {
    if ("toJSON" in value && typeof value.toJSON === "function") return keepable(value.toJSON(), rule, path, depth + 1);
    return walk(Object.entries(value).filter(([, item]) => item !== undefined), rule, path, depth, (entries) => Object.fromEntries(entries));
  }
  return value === null || typeof value === "boolean" ? { value } : { path, problem: "is not something JSON can hold" };
}

function walk(members: [string, unknown][], rule: TextRule, path: string, depth: number, build: (entries: [string, unknown][]) => unknown): { value: unknown } | TextProblem {
  const kept: [string, unknown][] = [];
  for (const [key, item] of members) {
    const at = path === "" ? key : `${path}.${keepableText(key)}`;
    if (!isKeepable(key) && rule === "refuse") return { path: keepableText(at), problem: "holds a NUL character or half of a surrogate pair in its name" };
    const result = keepable(item, rule, at, depth + 1);
    if ("problem" in result) return result;
    kept.push([keepableText(key), result.value]);
  }
  return { value: build(kept) };
}

/** What is refused in a request's JSON before any schema sees it: names that could reach a prototype, texts that no database keeps, towers of brackets. */
const forbiddenKeys = new Set(["__proto__", "constructor", "prototype"]);
const maximumDepth = 20;
const nul = String.fromCharCode(0);

/** Names that could reach a prototype. */
export function isForbiddenKey(name: string): boolean {
  return forbiddenKeys.has(name);
}

/** The first thing that is wrong, as the end of a sentence that begins with "The body"; null when nothing is. Needs no recursion deeper than the limit. */
export function jsonProblem(value: unknown, depth = 0): string | null {
  if (depth > maximumDepth) return `is nested more than ${maximumDepth} deep`;
  if (typeof value === "string") return textProblem(value);
  if (typeof value !== "object" || value === null) return null;
  for (const [key, item] of Object.entries(value)) {
    if (forbiddenKeys.has(key)) return `has the name "${key}", which is never needed here`;
    const problem = textProblem(key) ?? jsonProblem(item, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function textProblem(text: string): string | null {
  return text.includes(nul) || !text.isWellFormed() ? "holds a NUL character or half of a surrogate pair" : null;
}

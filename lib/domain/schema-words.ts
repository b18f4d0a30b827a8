/** What a schema found, as far as it is told: zod's issues fit, in node and browser alike. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The end of a sentence about one value: "is missing (a text is expected)". Messages that a schema of ours gives itself stay as they are. */
export function issueWords({ message }: SchemaIssue): string {
  const type = /^Invalid input: expected (.+), received (.+)$/.exec(message);
  if (type === null) return message.replace(/^Invalid (?:option|discriminator value)[:.] [Ee]xpected (?:one of )?/, "must be one of ").replaceAll("'", '"').replaceAll('"|"', '", "').replaceAll('" | "', '", "');
  const [, expected = "", received = ""] = type;
  return received === "undefined" ? `is missing (expected: ${expected})` : `must be ${expected}, not ${received}`;
}

/** "replicas: …; bigPods[0]: …": at most `limit` of them, one sentence. */
export function issuesSentence(issues: readonly SchemaIssue[], limit = 20): string {
  return issues
    .slice(0, limit)
    .map((issue) => (issue.path.length === 0 ? issueWords(issue) : `${issuePath(issue.path)}: ${issueWords(issue)}`))
    .join("; ");
}

/** "bigPods[0].name" */
export function issuePath(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`)).join("");
}

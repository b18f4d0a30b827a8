/** What stands where a secret stood. */
export const removed = "[removed]";

/**
 * Shapes that are secrets wherever they stand. Forms of tokens as their makers publish them: AWS (access key ids), GitHub ("Behind GitHub's new
 * authentication token formats"), Slack (xox…), GitLab, Google, JSON web tokens (RFC 7519), PEM (RFC 7468), Vigie's own.
 */
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN ([A-Z0-9 ]{0,40}(?:PRIVATE KEY|CERTIFICATE))-----[\s\S]*?(?:-----END \1-----|$)/g, removed],
  [/\b(authorization\s*[:=]\s*)(?:(bearer|basic|token)\s+)?[^\s"',;]+/gi, `$1${removed}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}/gi, `$1 ${removed}`],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"'<>]{1,300}@/gi, `$1${removed}@`],
  [/\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g, removed],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/g, removed],
  [/\b(?:xox[abeoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}|vgt_[A-Za-z0-9_-]{8,}|sk_live_[A-Za-z0-9]{8,}|AIza[A-Za-z0-9_-]{30,})/g, removed],
  [/https:\/\/hooks\.slack\.com\/(?:services|workflows)\/[^\s"'<>)]+/g, `https://hooks.slack.com/${removed}`],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?/g, removed],
];

/** A name that says that its value is a secret, then ":" or "=", then the value. A reference (env:NAME, file:path) is none. */
const named = /(["']?\b[A-Za-z0-9_.-]{0,60}?(?:passwords?|passwd|pwd|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|client[_-]?secrets?|credentials?)["']?\s*(?:=|:)\s*)("[^"\n]{0,2000}"|'[^'\n]{0,2000}'|[^\s"',;&)}\]]{1,2000})/gi;

/** What may stand as a value: one that was cut out already, or a reference. Nothing beside it, or it would cover for what follows. */
const reference = /^(["']?)(?:\[removed\]|env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s"']+)\1$/;

/** The text with every secret that can be told by its shape or by the name before it cut out. Never longer words of its own: "[removed]" stands there. */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of shapes) result = result.replaceAll(pattern, replacement);
  return result.replaceAll(named, (whole, before: string, value: string) => (reference.test(value) ? whole : `${before}${removed}`));
}

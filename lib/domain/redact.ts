/** What stands where a secret stood. */
export const removed = "[removed]";

/**
 * Shapes that are secrets wherever they stand. Forms of tokens as their makers publish them: AWS (access key ids), GitHub ("Behind GitHub's new
 * authentication token formats"), Slack (xox…), GitLab, Google, JSON web tokens (RFC 7519), PEM (RFC 7468), Vigie's own.
 */
const forms: readonly [RegExp, string][] = [
  [/-----BEGIN ([A-Z0-9 ]{0,40}(?:PRIVATE KEY|CERTIFICATE))-----[\s\S]*?(?:-----END \1-----|$)/g, removed],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"'<>]{1,300}@/gi, `$1${removed}@`],
  [/\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g, removed],
  [/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/g, removed],
  [/\b(?:xox[abeoprs]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}|vgt_[A-Za-z0-9_-]{8,}|sk_live_[A-Za-z0-9]{8,}|AIza[A-Za-z0-9_-]{30,})/g, removed],
  [/https:\/\/hooks\.slack\.com\/(?:services|workflows)\/[^\s"'<>)]+/g, `https://hooks.slack.com/${removed}`],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?/g, removed],
];

/** What follows a word that announces it. Sentences of Vigie's own use these words without a secret behind them. */
const announced: readonly [RegExp, string][] = [
  [/\b(authorization\s*[:=]\s*)(?:(bearer|basic|token)\s+)?[^\s"',;]+/gi, `$1${removed}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}/gi, `$1 ${removed}`],
];

/** A name that says that its value is a secret, then ":" or "=", then the value. A reference (env:NAME, file:path) is none. */
const named = /(["']?\b[A-Za-z0-9_.-]{0,60}?(?:passwords?|passwd|pwd|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|client[_-]?secrets?|credentials?)["']?\s*(?:=|:)\s*)(\[removed\](?![^\s"',;&)}\]])|"[^"\n]{0,2000}"|'[^'\n]{0,2000}'|[^\s"',;&)}\]]{1,2000})/gi;

/** What may stand as a value: one that was cut out already, or a reference. Nothing beside it, or it would cover for what follows. */
const reference = /^(["']?)(?:\[removed\]|env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s"']+)\1$/;

/** Values that this process was given as secrets. On globalThis, because a web process has several instances of this module. */
const shared = globalThis as typeof globalThis & { vigieKnownSecrets?: Map<string, readonly string[]> };

/** A shorter one would cut ordinary words apart. */
const shortestKnown = 8;

/** Of credentials that are renewed, what was valid until just now may still be in a message. */
const renewalsKept = 3;

/**
 * From now on `redact` cuts this very value out, whatever its shape: for secrets from the configuration, kubeconfigs and the environment.
 * `renewed` names a credential that is replaced again and again: of those only the last few are remembered.
 */
export function rememberSecret(value: string, renewed?: string): void {
  if (value.length < shortestKnown) return;
  const known = (shared.vigieKnownSecrets ??= new Map());
  const spellings = [...new Set([value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])];
  const slot = renewed ?? value;
  const before = known.get(slot) ?? [];
  if (!before.includes(value)) known.set(slot, [...before, ...spellings].slice(-3 * renewalsKept));
}

/** The text with every secret cut out that is known or has the unmistakable form of one. For sentences that Vigie itself makes; `redact` for all others. */
export function redactForms(text: string): string {
  let result = text;
  for (const values of shared.vigieKnownSecrets?.values() ?? []) for (const known of values) if (result.includes(known)) result = result.replaceAll(known, removed);
  for (const [pattern, replacement] of forms) result = result.replaceAll(pattern, replacement);
  return result;
}

/** The text with every secret that is known, or can be told by its shape or by the words before it, cut out: "[removed]" stands there. */
export function redact(text: string): string {
  let result = text;
  for (const [pattern, replacement] of announced) result = result.replaceAll(pattern, replacement);
  result = redactForms(result);
  return result.replaceAll(named, (whole, before: string, value: string) => (reference.test(value) ? whole : `${before}${removed}`));
}

/** A member of this name is a secret when its value is a text. */
const secretKey = /^(?:.*[_.-])?(?:authorization|cookie|set-cookie|passwords?|passwd|pwd|secrets?|tokens?|api[_-]?keys?|access[_-]?keys?|private[_-]?keys?|signing[_-]?keys?|client[_-]?secrets?|credentials?|kubeconfig)$|(?:Password|Secret|Token|ApiKey|AccessKey|PrivateKey|SigningKey|Credential)s?$/i;

/** As `redact`, of every text in a JSON-like value; members whose name says that they are secrets lose theirs whole. Deeper than 40 nothing is kept. Dates and the like come back as they are. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > 40) return removed;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typeof item === "string" && secretKey.test(key) && !reference.test(item) ? removed : redactValue(item, depth + 1)]));
}

const keyBegins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/;
/** A key that never ends must not swallow a log: RSA of 16,384 bits takes 200 lines. */
const longestKeyLines = 300;

/** As `redact` for the lines of a log, one after another: a private key stands on several of them. Each call begins anew. */
export function lineRedactor(): (line: string) => string {
  let inside = 0;
  return (line) => {
    if (inside > 0) {
      inside = keyEnds.test(line) ? 0 : inside - 1;
      return removed;
    }
    if (keyBegins.test(line) && !keyEnds.test(line.slice(line.search(keyBegins)))) inside = longestKeyLines;
    return redact(line);
  };
}

import { fields } from "#lib/domain/fold-read.ts";

/** What is saved before something is changed, made fit to be kept: no values of environment variables, texts of bounded length that PostgreSQL can hold. */

export const evidenceKinds = ["logs", "pods", "events", "workload"] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

export interface EvidenceFile {
  /** "logs/core-7d9f-x2/app.log"; unique within one saving. */
  name: string;
  kind: EvidenceKind;
  content: string;
}

/** Of one log the end is kept: what came last says why. */
export const maximumLogBytes = 256 * 1024;
export const maximumLogLines = 5_000;
/** Of all files of one saving together; what is left out is named. */
export const maximumEvidenceBytes = 16 * 1024 * 1024;

const gone = "(not kept)";

/** Annotations that repeat the whole manifest, values of environment variables included. */
const repeating = new Set(["kubectl.kubernetes.io/last-applied-configuration"]);

/**
 * An object of the cluster without the values of environment variables (names and where they come from stay) and without what repeats them. Probes with
 * headers lose those headers' values too: credentials stand there.
 */
export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      if (key === "managedFields") return [];
      if ((key === "env" || key === "httpHeaders") && Array.isArray(inner)) return [[key, inner.map(withoutValue)]];
      if (key === "annotations") return [[key, withoutRepeating(inner)]];
      return [[key, redacted(inner)]];
    }),
  );
}

function withoutValue(variable: unknown): unknown {
  const { value, ...rest } = fields(variable);
  return value === undefined ? rest : { ...rest, value: gone };
}

function withoutRepeating(annotations: unknown): unknown {
  return Object.fromEntries(Object.entries(fields(annotations)).map(([key, value]) => [key, repeating.has(key) ? gone : value]));
}

/** Text that PostgreSQL can hold: without NUL and half surrogate pairs. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** The last lines that fit into `maximumBytes`, and how many before them do not. */
export function lastLines(lines: readonly string[], maximumBytes: number): { lines: string[]; left: number } {
  let bytes = 0;
  let first = lines.length;
  while (first > 0) {
    bytes += Buffer.byteLength(lines[first - 1] ?? "", "utf8") + 1;
    if (bytes > maximumBytes) break;
    first -= 1;
  }
  return { lines: lines.slice(first), left: first };
}

/** Keeps files in order until all together would be too large; the names of those that are not kept. */
export function withinLimit(files: readonly EvidenceFile[], maximumBytes: number): { kept: EvidenceFile[]; left: string[] } {
  const kept: EvidenceFile[] = [];
  const left: string[] = [];
  let bytes = 0;
  for (const file of files) {
    const size = Buffer.byteLength(file.content, "utf8");
    if (bytes + size > maximumBytes) left.push(file.name);
    else {
      bytes += size;
      kept.push(file);
    }
  }
  return { kept, left };
}

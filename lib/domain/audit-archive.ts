import type { ChainPosition } from "#lib/domain/audit-chain.ts";

/** What the log says of entries that are no longer in the database. */
export interface ArchivedRange {
  from: number;
  to: number;
  /** Hash of the last archived entry: the first one that is left continues it. */
  head: string;
  file: string;
  sha256: string;
}

/** Reads an `audit.archive` entry; null when it is none, or not in the form in which it is written. */
export function archivedUpTo(entry: { action: string; after: Readonly<Record<string, unknown>> | null }): ArchivedRange | null {
  const { from, to, head, file, sha256 } = entry.after ?? {};
  if (entry.action !== "audit.archive" || typeof from !== "number" || typeof to !== "number" || typeof head !== "string" || typeof file !== "string" || typeof sha256 !== "string") return null;
  return /^[0-9a-f]{64}$/.test(head) ? { from, to, head, file, sha256 } : null;
}

/** Where verification begins when the log no longer begins with its first entry: at the archived head, if exactly the entries up to it are gone. */
export function startAfterArchive(archive: ArchivedRange | null, firstStored: number | null): ChainPosition | null {
  return archive !== null && firstStored === archive.to + 1 ? { sequence: archive.to, hash: archive.head } : null;
}

/** "vigie-audit-1-1000000.jsonl": made of numbers alone, so that no name leads anywhere else. */
export function archiveFileName(from: number, to: number): string {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || to < from) throw new RangeError(`entries ${from} to ${to} are no range`);
  return `vigie-audit-${from}-${to}.jsonl`;
}
export const isArchiveFileName = (name: string): boolean => /^vigie-audit-[1-9]\d{0,15}-[1-9]\d{0,15}\.jsonl$/.test(name);

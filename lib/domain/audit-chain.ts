import { hash } from "node:crypto";
import type { ChainFault } from "#lib/domain/audit-fault.ts";

/** One stored row of the audit log: the bytes that were hashed, and the columns that repeat some of them for filtering. */
export interface ChainRow {
  sequence: number;
  at: Date;
  action: string;
  outcome: string;
  actorKind: string;
  actorId: string;
  actorName: string;
  environment: string | null;
  bigPods: readonly string[];
  operationId: string | null;
  bytes: string;
  hash: string;
}

/** A line of an export: what was hashed, and its hash. */
export type ExportedRow = Pick<ChainRow, "sequence" | "bytes" | "hash">;

/** The first entry that is not what was written, and what was probably done to it. */
export interface ChainFinding {
  sequence: number;
  fault: ChainFault;
  /** Sentence for people. */
  evidence: string;
}

export interface ChainPosition {
  sequence: number;
  hash: string;
}

/** Where every log begins: no entry, and 64 zeros as the previous hash. */
export const chainStart: ChainPosition = { sequence: 0, hash: "0".repeat(64) };

/** Heads of the log that are known from elsewhere: noted, or signed. */
export interface KnownHeads {
  /** The hash that the entry must have, and who says so ("the checkpoint of 12:00"); undefined where nothing is known of it. */
  at(sequence: number): { hash: string; source: string } | undefined;
  /** The furthest. */
  last(): { sequence: number; source: string } | null;
}

/** A position that somebody noted. */
export function notedHead(noted: ChainPosition | null): KnownHeads {
  return {
    at: (sequence) => (noted?.sequence === sequence ? { hash: noted.hash, source: "the one that was noted for it" } : undefined),
    last: () => (noted === null ? null : { sequence: noted.sequence, source: `entry ${noted.sequence} was noted` }),
  };
}

/** Lower-case hex SHA-256 of the text as UTF-8. */
export function hashOfBytes(bytes: string): string {
  return hash("sha256", bytes, "hex");
}

interface Wrapped {
  at: string;
  previous: string;
  sequence: number;
  body: Record<string, unknown>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the wrapper that `audit_append` builds around the body; null when the bytes are not that. */
export function unwrapBytes(bytes: string): Wrapped | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes);
  } catch {
    return null;
  }
  if (!isRecord(parsed)) return null;
  const { at, previous, sequence, body } = parsed;
  if (typeof at !== "string" || typeof previous !== "string" || typeof sequence !== "number" || !isRecord(body)) return null;
  return { at, previous, sequence, body };
}

/** Lengths of what stands around the body, with the keys in canonical order: {"at":"…24…","body":{…},"previous":"…64…","sequence":…} */
const atBegin = 7;
const atEnd = 31;
const hashLength = 64;

/** Link and time of bytes in the very form in which entries are written, without reading the body; null when they are in another form, or another's place. */
function linkOf(bytes: string, sequence: number): { at: string; previous: string; bodyEnd: number } | null {
  const tail = `","sequence":${sequence}}`;
  const previousAt = bytes.length - tail.length - hashLength;
  if (!bytes.startsWith('{"at":"') || !bytes.startsWith('","body":{', atEnd) || !bytes.endsWith(tail) || !bytes.startsWith('},"previous":"', previousAt - 14)) return null;
  return { at: bytes.slice(atBegin, atEnd), previous: bytes.slice(previousAt, previousAt + hashLength), bodyEnd: previousAt - 13 };
}

const bodyBegin = 40;

/** What follows on "reason": in a body, to its very end. If it matches, no bracket is open but the body's own. */
const endOfBody = /(?:null|"(?:[^"\\]|\\.)*"),"summary":"(?:[^"\\]|\\.)*"\}$/y;

/** The column that says something else than the text; null when all agree. Looked for as text, since there are millions; read only when it is not found. */
function differingColumn(row: ChainRow, at: string, body: string): string | null {
  if (row.at.toISOString() !== at) return "at";
  const text = JSON.stringify;
  const head = `{"action":${text(row.action)},"actor":{"id":${text(row.actorId)},"kind":${text(row.actorKind)},"name":${text(row.actorName)}},"after":`;
  const middle = `,"bigPods":${text(row.bigPods)},"environment":${text(row.environment)},"operationId":${text(row.operationId)},"outcome":${text(row.outcome)},"reason":`;
  const middleAt = body.lastIndexOf(middle);
  endOfBody.lastIndex = middleAt + middle.length;
  if (middleAt > 0 && body.startsWith(head) && endOfBody.test(body)) return null;
  const parsed: unknown = JSON.parse(body);
  return isRecord(parsed) ? differingMember(row, parsed) : "action";
}

function differingMember(row: ChainRow, body: Record<string, unknown>): string | null {
  const actor = isRecord(body.actor) ? body.actor : {};
  if (row.action !== body.action) return "action";
  if (row.outcome !== body.outcome) return "outcome";
  if (row.actorKind !== actor.kind) return "actor_kind";
  if (row.actorId !== actor.id) return "actor_id";
  if (row.actorName !== actor.name) return "actor_name";
  if (row.environment !== (body.environment ?? null)) return "environment";
  if (row.operationId !== (body.operationId ?? null)) return "operation_id";
  const bigPods: unknown = body.bigPods ?? [];
  return Array.isArray(bigPods) && bigPods.length === row.bigPods.length && bigPods.every((name, index) => name === row.bigPods[index]) ? null : "big_pods";
}

const hasColumns = (row: ChainRow | ExportedRow): row is ChainRow => "at" in row;

/** What is wrong with the row by itself, and with its place; the link to the row before it is judged by the verifier. */
function faultOfRow(expected: number, row: ChainRow | ExportedRow): ChainFinding | { previous: string } {
  const finding = (fault: ChainFault, evidence: string, sequence = row.sequence): ChainFinding => ({ sequence, fault, evidence });
  if (row.sequence > expected) {
    const missing = row.sequence - 1 === expected ? `Entry ${expected} is` : `Entries ${expected} to ${row.sequence - 1} are`;
    return finding("deleted", `${missing} missing: the next one stored is ${row.sequence}.`, expected);
  }
  if (row.sequence < expected) return finding("inserted", `Entry ${row.sequence} occurs a second time.`);
  // Half a surrogate pair would be hashed as if it were the replacement character.
  if (hashOfBytes(row.bytes) !== row.hash || !row.bytes.isWellFormed()) return finding("edited", `The stored text of entry ${row.sequence} does not give its hash: one of them was changed.`);
  const link = linkOf(row.bytes, row.sequence);
  if (link === null) {
    const wrapped = unwrapBytes(row.bytes);
    if (wrapped === null || wrapped.sequence === row.sequence) return finding("inserted", `Entry ${row.sequence} is not in the form in which entries are written.`);
    return finding("reordered", `Entry ${row.sequence} was written as entry ${wrapped.sequence}.`);
  }
  if (hasColumns(row)) {
    const column = columnFault(row, link.at, row.bytes.slice(bodyBegin, link.bodyEnd));
    if (column === "unreadable") return finding("inserted", `Entry ${row.sequence} is not in the form in which entries are written.`);
    if (column !== null) return finding("edited", `The column ${column} of entry ${row.sequence} says something else than the entry's text.`);
  }
  return link;
}

function columnFault(row: ChainRow, at: string, body: string): string | null {
  try {
    return differingColumn(row, at, body);
  } catch {
    return "unreadable";
  }
}

/**
 * Verifies a log that is handed over row by row in order of sequence, from the database (with columns) or an export. `push` gives a finding as soon as one is certain (then
 * nothing more is judged), `end` gives what the last row still owed, `position` is the last row that was found right.
 * A row whose link is broken is judged by the row after it: if that one follows on it, the row before was replaced
 * and hashed anew; if not, the row itself was put there. A tail that was cut, or a chain hashed anew to its end, can
 * only be seen against heads that are known from elsewhere.
 */
export function createChainVerifier(start: ChainPosition, known: KnownHeads = notedHead(null)) {
  let last = start;
  let open: { row: ExportedRow; before: ChainPosition } | null = null;
  let done: ChainFinding | null = null;

  function closeOpen(followed: boolean): ChainFinding | null {
    if (open === null) return null;
    const { row, before } = open;
    return followed && before.sequence > start.sequence
      ? { sequence: before.sequence, fault: "replaced", evidence: `Entry ${row.sequence} was written after another entry ${before.sequence} than the one stored: entry ${before.sequence} was changed and hashed anew.` }
      : { sequence: row.sequence, fault: "inserted", evidence: `Entry ${row.sequence} does not continue entry ${before.sequence}: it was put here, or what stood before it was changed.` };
  }

  function judge(row: ChainRow | ExportedRow): ChainFinding | null {
    const verdict = faultOfRow(last.sequence + 1, row);
    if (open !== null) return closeOpen("previous" in verdict && verdict.previous === open.row.hash);
    if (!("previous" in verdict)) return verdict;
    const head = known.at(row.sequence);
    if (head !== undefined && head.hash !== row.hash) {
      return { sequence: row.sequence, fault: "replaced", evidence: `Entry ${row.sequence} has another hash than ${head.source}: it, or an entry before it, was changed and everything after hashed anew.` };
    }
    if (verdict.previous !== last.hash) open = { row, before: last };
    last = { sequence: row.sequence, hash: row.hash };
    return null;
  }

  return {
    push(row: ChainRow | ExportedRow): ChainFinding | null {
      done ??= judge(row);
      return done;
    },
    end(): ChainFinding | null {
      done ??= closeOpen(false);
      const furthest = known.last();
      if (done === null && furthest !== null && furthest.sequence > last.sequence) {
        done = { sequence: last.sequence + 1, fault: "deleted", evidence: `The log ends with entry ${last.sequence}, but ${furthest.source}: the end was cut off.` };
      }
      return done;
    },
    position(): ChainPosition {
      return last;
    },
  };
}

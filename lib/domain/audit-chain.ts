import { createHash } from "node:crypto";

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

export const chainFaults = ["edited", "reordered", "deleted", "inserted", "replaced"] as const;
export type ChainFault = (typeof chainFaults)[number];

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

export function hashOfBytes(bytes: string): string {
  return createHash("sha256").update(bytes, "utf8").digest("hex");
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

function sameColumns(row: ChainRow, wrapped: Wrapped): string | null {
  const { body } = wrapped;
  const actor = isRecord(body.actor) ? body.actor : {};
  const pairs: [string, unknown, unknown][] = [
    ["at", row.at.toISOString(), wrapped.at],
    ["action", row.action, body.action],
    ["outcome", row.outcome, body.outcome],
    ["actor_kind", row.actorKind, actor.kind],
    ["actor_id", row.actorId, actor.id],
    ["actor_name", row.actorName, actor.name],
    ["environment", row.environment, body.environment ?? null],
    ["operation_id", row.operationId, body.operationId ?? null],
    ["big_pods", JSON.stringify(row.bigPods), JSON.stringify(body.bigPods ?? [])],
  ];
  return pairs.find(([, column, stored]) => column !== stored)?.[0] ?? null;
}

/** What is wrong with the row by itself, and with its place; the link to the row before it is judged by the verifier. */
function faultOfRow(expected: number, row: ChainRow): ChainFinding | { wrapped: Wrapped } {
  const finding = (fault: ChainFault, evidence: string, sequence = row.sequence): ChainFinding => ({ sequence, fault, evidence });
  if (row.sequence > expected) {
    const missing = row.sequence - 1 === expected ? `Entry ${expected} is` : `Entries ${expected} to ${row.sequence - 1} are`;
    return finding("deleted", `${missing} missing: the next one stored is ${row.sequence}.`, expected);
  }
  if (row.sequence < expected) return finding("inserted", `Entry ${row.sequence} occurs a second time.`);
  if (hashOfBytes(row.bytes) !== row.hash) return finding("edited", `The stored text of entry ${row.sequence} does not give its hash: one of them was changed.`);
  const wrapped = unwrapBytes(row.bytes);
  if (wrapped === null) return finding("inserted", `Entry ${row.sequence} is not in the form in which entries are written.`);
  if (wrapped.sequence !== row.sequence) return finding("reordered", `Entry ${row.sequence} was written as entry ${wrapped.sequence}.`);
  const column = sameColumns(row, wrapped);
  if (column !== null) return finding("edited", `The column ${column} of entry ${row.sequence} says something else than the entry's text.`);
  return { wrapped };
}

/**
 * Verifies a log that is handed over row by row in order of sequence. `push` gives a finding as soon as one is certain (then
 * nothing more is judged), `end` gives what the last row still owed, `position` is the last row that was found right.
 * A row whose link is broken is judged by the row after it: if that one follows on it, the row before was replaced
 * and hashed anew; if not, the row itself was put there. A tail that was cut, or a chain hashed anew to its end, can
 * only be seen against a position noted elsewhere (`known`).
 */
export function createChainVerifier(start: ChainPosition, known: ChainPosition | null) {
  let last = start;
  let open: { row: ChainRow; before: ChainPosition } | null = null;
  let done: ChainFinding | null = null;

  function closeOpen(followed: boolean): ChainFinding | null {
    if (open === null) return null;
    const { row, before } = open;
    return followed && before.sequence > start.sequence
      ? { sequence: before.sequence, fault: "replaced", evidence: `Entry ${row.sequence} was written after another entry ${before.sequence} than the one stored: entry ${before.sequence} was changed and hashed anew.` }
      : { sequence: row.sequence, fault: "inserted", evidence: `Entry ${row.sequence} does not continue entry ${before.sequence}: it was put here, or what stood before it was changed.` };
  }

  function judge(row: ChainRow): ChainFinding | null {
    const verdict = faultOfRow(last.sequence + 1, row);
    if (open !== null) return closeOpen("wrapped" in verdict && verdict.wrapped.previous === open.row.hash);
    if (!("wrapped" in verdict)) return verdict;
    if (known !== null && known.sequence === row.sequence && known.hash !== row.hash) {
      return { sequence: row.sequence, fault: "replaced", evidence: `Entry ${row.sequence} has another hash than the one that was noted for it: it, or an entry before it, was changed and everything after hashed anew.` };
    }
    if (verdict.wrapped.previous !== last.hash) open = { row, before: last };
    last = { sequence: row.sequence, hash: row.hash };
    return null;
  }

  return {
    push(row: ChainRow): ChainFinding | null {
      done ??= judge(row);
      return done;
    },
    end(): ChainFinding | null {
      done ??= closeOpen(false);
      if (done === null && known !== null && known.sequence > last.sequence) {
        done = { sequence: last.sequence + 1, fault: "deleted", evidence: `The log ends with entry ${last.sequence}, but entry ${known.sequence} was noted: the end was cut off.` };
      }
      return done;
    },
    position(): ChainPosition {
      return last;
    },
  };
}

import { chainStart, createChainVerifier, unwrapBytes } from "#lib/domain/audit-chain.ts";
import type { ChainFinding, ChainPosition, ExportedRow } from "#lib/domain/audit-chain.ts";
import type { CheckpointList } from "#lib/domain/checkpoint-list.ts";

/** What an export proves, with nothing but the checkpoints and the public key at hand. */
export interface OfflineVerification {
  valid: boolean;
  /** Entries that were read. */
  entries: number;
  /** First entry of the export; null for an empty one. */
  from: number | null;
  head: ChainPosition;
  firstBad: ChainFinding | null;
  /** Whether something signed, or the beginning of the log, stands before the first entry. If not, nothing proves what came before it. */
  anchored: boolean;
  /** The furthest entry that a checkpoint vouches for; what follows it hangs together, and no more is known. */
  covered: number;
}

/**
 * Verifies an export line by line. The checkpoints are read before: `list` must have believed all of them. `first` is the entry that the export begins with
 * on purpose (a part of the log, or what is left after older entries were archived); if it begins later, entries are missing.
 */
export function createOfflineVerifier(list: CheckpointList, first = 1) {
  let chain: ReturnType<typeof createChainVerifier> | null = null;
  let from: number | null = null;
  let anchored = true;
  let line = 0;
  let entries = 0;
  let done: ChainFinding | null = null;

  function startOf(row: ExportedRow): ChainPosition {
    if (first === 1) return chainStart;
    const sequence = first - 1;
    const signed = list.heads.at(sequence);
    anchored = signed !== undefined;
    return { sequence, hash: signed?.hash ?? unwrapBytes(row.bytes)?.previous ?? chainStart.hash };
  }

  return {
    push(text: string): ChainFinding | null {
      if (done !== null) return done;
      line += 1;
      const row = readRow(text);
      const expected = (chain?.position().sequence ?? first - 1) + 1;
      if (row === null) {
        done = { sequence: expected, fault: "edited", evidence: `Line ${line} of the export, where entry ${expected} is due, cannot be read.` };
        return done;
      }
      if (chain === null) {
        from = row.sequence;
        chain = createChainVerifier(startOf(row), list.heads);
      }
      done = chain.push(row);
      entries += 1;
      return done;
    },
    end(): OfflineVerification {
      const verifier = chain ?? createChainVerifier({ ...chainStart, sequence: first - 1 }, list.heads);
      done ??= verifier.end();
      const head = verifier.position();
      const signed = list.heads.last()?.sequence ?? 0;
      return { valid: done === null, entries, from, head, firstBad: done, anchored, covered: Math.min(signed, head.sequence) };
    },
  };
}

/** A line of an export; null when it is none. By hand, since there are millions of them. */
function readRow(text: string): ExportedRow | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || !("sequence" in value && "hash" in value && "bytes" in value)) return null;
  const { sequence, hash, bytes } = value;
  return typeof sequence === "number" && Number.isSafeInteger(sequence) && sequence > 0 && typeof hash === "string" && typeof bytes === "string" ? { sequence, hash, bytes } : null;
}

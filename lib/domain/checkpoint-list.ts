import type { CheckpointFinding, SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import type { KnownHeads } from "#lib/domain/audit-chain.ts";
import type { CheckpointFault } from "#lib/domain/audit-fault.ts";
import { isSigned } from "#lib/domain/checkpoint.ts";
import type { CheckpointKey } from "#lib/domain/checkpoint.ts";

export interface CheckpointList {
  /** Judges the next; a finding when it is not to be believed. Nothing more is judged after the first finding. */
  push(signed: SignedCheckpoint | null): CheckpointFinding | null;
  /** What the log must look like, as far as the checkpoints pushed so far say. Grows with them. */
  heads: KnownHeads;
  /** The last one that was believed. */
  newest(): SignedCheckpoint | null;
  count(): number;
}

/**
 * Believes checkpoints one by one in the order in which they were made: signed by one of the keys, of one log (`origin`, else that of the first),
 * neither size nor time going back, one head per size.
 */
export function createCheckpointList(keys: readonly CheckpointKey[], origin: string | null = null): CheckpointList {
  const heads = new Map<number, SignedCheckpoint>();
  let expected = origin;
  let newest: SignedCheckpoint | null = null;
  let line = 0;
  let done: CheckpointFinding | null = null;

  function judge(signed: SignedCheckpoint | null): CheckpointFinding | null {
    const finding = (fault: CheckpointFault, evidence: string): CheckpointFinding => ({ line, size: signed?.checkpoint.size ?? null, fault, evidence });
    if (signed === null) return finding("unreadable", `Checkpoint ${line} cannot be read: it is not a line that Vigie writes.`);
    const { size, head, time } = signed.checkpoint;
    const which = `Checkpoint ${line} (${size} entries, ${time})`;
    if (!keys.some(({ id }) => id === signed.key)) return finding("unsigned", `${which} is signed with the key ${signed.key}, which is none of those given (${keys.map(({ id }) => id).join(", ")}).`);
    if (!isSigned(signed, keys)) return finding("unsigned", `${which} does not carry the signature of what it says: one of them was changed.`);
    if (expected !== null && signed.checkpoint.origin !== expected) return finding("foreign", `${which} is of another log: ${signed.checkpoint.origin}, not ${expected}.`);
    if (newest !== null) {
      const before = newest.checkpoint;
      if (size === before.size && head !== before.head) return finding("forked", `${which} gives another head than the one before it for the same number of entries: the log was forked.`);
      if (size < before.size) return finding("backwards", `${which} has fewer entries than the one before it (${before.size}, ${before.time}): the log was cut in between, or the checkpoints were put in another order.`);
      if (time < before.time) return finding("backwards", `${which} is older than the one before it (${before.time}): they were put in another order.`);
    }
    return null;
  }

  return {
    push(signed) {
      if (done !== null) return done;
      line += 1;
      done = judge(signed);
      if (done === null && signed !== null) {
        expected = signed.checkpoint.origin;
        newest = signed;
        // An empty log has no entry to look at.
        if (signed.checkpoint.size > 0 && !heads.has(signed.checkpoint.size)) heads.set(signed.checkpoint.size, signed);
      }
      return done;
    },
    heads: {
      at(sequence) {
        const signed = heads.get(sequence);
        return signed === undefined ? undefined : { hash: signed.checkpoint.head, source: `the checkpoint signed at ${signed.checkpoint.time}` };
      },
      last: () => (newest === null ? null : { sequence: newest.checkpoint.size, source: `a checkpoint signed at ${newest.checkpoint.time} has ${newest.checkpoint.size}` }),
    },
    newest: () => newest,
    count: () => line,
  };
}

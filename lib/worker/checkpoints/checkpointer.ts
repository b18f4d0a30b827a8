import type { Checkpoint } from "#lib/contracts/checkpoint.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { auditHead, auditRows, hashOfEntry } from "#lib/db/repositories/audit.ts";
import { keepCheckpoint, keepKey, newestCheckpoint, noteRefusal } from "#lib/db/repositories/checkpoint.ts";
import { chainStart, createChainVerifier } from "#lib/domain/audit-chain.ts";
import type { ChainPosition } from "#lib/domain/audit-chain.ts";
import { isCheckpointDue } from "#lib/domain/checkpoint-due.ts";
import type { Checkpoints } from "#lib/ports/checkpoints.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createLook } from "#lib/worker/look.ts";
import type { Look } from "#lib/worker/look.ts";

/** The first checkpoint of a log that is there already vouches for it as it is: only so many of its last entries are looked at. */
const firstLook = 10_000;

interface CheckpointerParts {
  context: Pick<ServiceContext, "db" | "config" | "log">;
  checkpoints: Checkpoints;
  /** The observer's: one worker signs. */
  lease: () => LeaseToken | null;
}

/**
 * Signs where the log stands, and hands it to the outbox. What came since the last checkpoint is verified before: a log that does not continue what was signed is never
 * signed over; that is written down, and told on the page, until it continues again.
 */
export function createCheckpointer({ context, checkpoints, lease }: CheckpointerParts): Look {
  const { db, config, log } = context;
  const { origin, signer, places } = checkpoints;
  let keyKept = false;
  /** What this process signed last: the copies in the database may have been cut together with the log. */
  let signed: Checkpoint | null = null;

  async function lookOnce(closing: AbortSignal): Promise<void> {
    const token = lease();
    if (token === null) return;
    if (!keyKept) await keepKey(db, signer.keyId, signer.publicKey);
    keyKept = true;
    const stored = (await newestCheckpoint(db))?.checkpoint ?? null;
    const newest = signed !== null && (stored === null || stored.size < signed.size) ? signed : stored;
    const head = await auditHead(db);
    const position = head ?? chainStart;
    if (!isCheckpointDue(newest, position.sequence, await databaseNow(db), config.audit.checkpoints)) return;
    const trouble = await contradiction(newest, position, closing);
    if (closing.aborted) return;
    if (trouble === null) await make(token, position);
    else await refuse(token, trouble);
  }

  /** Why the log does not continue what was signed last; null when it does. */
  async function contradiction(newest: Checkpoint | null, head: ChainPosition, closing: AbortSignal): Promise<string | null> {
    const from = newest?.size ?? Math.max(0, head.sequence - firstLook);
    if (newest !== null && head.sequence < newest.size) return `The log ends with entry ${head.sequence}, but a checkpoint of ${newest.size} entries was signed at ${newest.time}: the end was cut off, or an old backup was restored.`;
    const stored = from === 0 ? chainStart.hash : await hashOfEntry(db, from);
    if (stored === null) return `Entry ${from} is missing.`;
    if (newest !== null && stored !== newest.head) return `Entry ${from} has another hash than the checkpoint signed at ${newest.time}: it, or an entry before it, was changed.`;
    const verifier = createChainVerifier({ sequence: from, hash: stored });
    for await (const rows of auditRows(db, from, head.sequence)) {
      if (closing.aborted) return null;
      for (const row of rows) {
        const finding = verifier.push(row);
        if (finding !== null) return finding.evidence;
      }
    }
    return verifier.end()?.evidence ?? null;
  }

  async function make(token: LeaseToken, { sequence, hash }: ChainPosition): Promise<void> {
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      const checkpoint = { origin, size: sequence, head: hash, time: (await databaseNow(tx)).toISOString() };
      await keepCheckpoint(tx, signer.sign(checkpoint), places.map(({ name }) => name));
      await noteRefusal(tx, null);
      signed = checkpoint;
    });
  }

  async function refuse(token: LeaseToken, sentence: string): Promise<void> {
    const fresh = await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      const changed = await noteRefusal(tx, sentence);
      if (changed) await appendAudit(tx, { action: "audit.verify", outcome: "failed", actor: { kind: "system", id: token.holder, name: "Vigie" }, environment: null, bigPods: [], operationId: null, summary: `No checkpoint was signed. ${sentence}`.slice(0, 2_000), reason: null, before: null, after: { valid: false } });
      return changed;
    });
    if (fresh) log.error({ sentence }, "The audit log does not continue what was signed: no checkpoint is made");
  }

  return createLook({ log, trouble: "No checkpoint of the audit log can be made; it is tried again", work: lookOnce });
}

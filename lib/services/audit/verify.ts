import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditVerification, AuditVerifyQuery } from "#lib/contracts/api.ts";
import { auditHead, auditRows } from "#lib/db/repositories/audit.ts";
import { chainStart, createChainVerifier } from "#lib/domain/audit-chain.ts";
import type { ChainPosition } from "#lib/domain/audit-chain.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface VerifyOptions extends AuditVerifyQuery {
  /** Called after each batch. */
  onProgress?: (progress: { verified: number; total: number }) => void;
  signal?: AbortSignal | undefined;
}

/** For a person or a token: the result names no content, so whoever may read the log may verify all of it. */
export async function verifyAudit(context: ServiceContext, actor: Actor, options: VerifyOptions = {}): Promise<AuditVerification> {
  await authorise(context, actor, "audit.read", null, "verify the audit log");
  return verifyChain(context, options);
}

/**
 * Recomputes the chain from the stored bytes, in batches, up to the entry that was last when it began.
 * Names the first entry that is not what was written. Throws VigieError "not-found" when the entry before `from` does not exist.
 */
export async function verifyChain(context: ServiceContext, options: VerifyOptions = {}): Promise<AuditVerification> {
  const start = await trustedStart(context, options.from ?? 1);
  const to = (await auditHead(context.db))?.sequence ?? 0;
  const known = options.knownSequence !== undefined && options.knownHash !== undefined ? { sequence: options.knownSequence, hash: options.knownHash } : null;
  const verifier = createChainVerifier(start, known);
  let entries = 0;
  for await (const rows of auditRows(context.db, start.sequence, to)) {
    options.signal?.throwIfAborted();
    for (const row of rows) {
      const firstBad = verifier.push(row);
      if (firstBad) return { valid: false, entries: entries + 1, head: verifier.position(), firstBad };
      entries += 1;
    }
    options.onProgress?.({ verified: entries, total: to - start.sequence });
  }
  const firstBad = verifier.end();
  return { valid: firstBad === null, entries, head: verifier.position(), firstBad };
}

async function trustedStart(context: ServiceContext, from: number): Promise<ChainPosition> {
  if (from <= 1) return chainStart;
  const row = await context.db.auditEntryRow.findUnique({ where: { sequence: BigInt(from - 1) }, select: { hash: true } });
  if (row === null) throw new VigieError("not-found", `There is no audit entry ${from - 1}, which entry ${from} would continue. Verify from 1 to find where the log breaks.`, { detail: { from } });
  return { sequence: from - 1, hash: row.hash };
}

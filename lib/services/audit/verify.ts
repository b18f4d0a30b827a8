import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditVerification, AuditVerifyProgress, AuditVerifyQuery } from "#lib/contracts/api.ts";
import { archivedStart, auditHead, auditRows } from "#lib/db/repositories/audit.ts";
import { chainStart, createChainVerifier } from "#lib/domain/audit-chain.ts";
import type { ChainPosition } from "#lib/domain/audit-chain.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface VerifyOptions extends AuditVerifyQuery {
  signal?: AbortSignal | undefined;
}

/** For a person or a token: the result names no content, so whoever may read the log may verify all of it. */
export async function verifyAudit(context: ServiceContext, actor: Actor, options: VerifyOptions = {}): Promise<AuditVerification> {
  await authorise(context, actor, "audit.read", null, "verify the audit log");
  return verifyChain(context, options);
}

/** As verifyAudit, told step by step: how far it is, at the beginning and after each batch, and at the end what was found. Ends with its reader. */
export async function* verifyAuditStepwise(context: ServiceContext, actor: Actor, query: AuditVerifyQuery): AsyncGenerator<AuditVerifyProgress | AuditVerification, void> {
  await authorise(context, actor, "audit.read", null, "verify the audit log");
  yield yield* chainSteps(context, query);
}

/**
 * Recomputes the chain from the stored bytes, in batches, up to the entry that was last when it began.
 * Names the first entry that is not what was written. Throws VigieError "not-found" when the entry before `from` does not exist.
 */
export async function verifyChain(context: ServiceContext, options: VerifyOptions = {}): Promise<AuditVerification> {
  const steps = chainSteps(context, options);
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
    options.signal?.throwIfAborted();
  }
}

async function* chainSteps(context: ServiceContext, query: AuditVerifyQuery): AsyncGenerator<AuditVerifyProgress, AuditVerification> {
  const start = await trustedStart(context, query.from ?? 1);
  const to = (await auditHead(context.db))?.sequence ?? 0;
  const known = query.knownSequence !== undefined && query.knownHash !== undefined ? { sequence: query.knownSequence, hash: query.knownHash } : null;
  const verifier = createChainVerifier(start, known);
  const of = Math.max(0, to - start.sequence);
  let entries = 0;
  yield { checked: 0, of };
  for await (const rows of auditRows(context.db, start.sequence, to)) {
    for (const row of rows) {
      const firstBad = verifier.push(row);
      if (firstBad) return { valid: false, entries: entries + 1, head: verifier.position(), firstBad };
      entries += 1;
    }
    yield { checked: entries, of };
  }
  const firstBad = verifier.end();
  return { valid: firstBad === null, entries, head: verifier.position(), firstBad };
}

async function trustedStart(context: ServiceContext, from: number): Promise<ChainPosition> {
  const archived = await archivedStart(context.db);
  if (from <= 1 || archived?.sequence === from - 1) return archived ?? chainStart;
  const row = await context.db.auditEntryRow.findUnique({ where: { sequence: BigInt(from - 1) }, select: { hash: true } });
  if (row === null) throw new VigieError("not-found", `There is no audit entry ${from - 1}, which entry ${from} would continue. Verify from 1 to find where the log breaks.`, { detail: { from } });
  return { sequence: from - 1, hash: row.hash };
}

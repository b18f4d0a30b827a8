import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import type { Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { enqueueOperation, operationSender } from "#lib/db/queue.ts";
import { findOperation } from "#lib/db/repositories/operation.ts";
import type { StoredOperation } from "#lib/db/repositories/operation.ts";
import { lockEnvironment, republishWaiting } from "#lib/db/repositories/operation-queue.ts";
import { VigieError } from "#lib/domain/error.ts";
import { operationStatuses, terminalOperationStatuses } from "#lib/domain/status.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { RequestedOperation } from "#lib/services/operation/request.ts";

/**
 * Stops an operation. One that waits ends as `aborted` at once: nothing was changed. One that runs is asked to stop; the worker returns what it changed.
 * Asking again changes nothing. Throws VigieError "not-found", "denied", "conflict" (it has ended already).
 */
export async function abortOperation(context: ServiceContext, actor: Actor, id: string): Promise<RequestedOperation> {
  const row = await findOperation(context.db, id);
  const missing = new VigieError("not-found", "There is no such operation.", { detail: { id } });
  if (row === null) throw missing;
  await authorise(context, actor, "operation.abort", row.environment, `abort "${row.title}"`, missing);
  const sender = await operationSender(context.db);
  const found = await context.db.$transaction(
    async (tx) => {
      await lockEnvironment(tx, row.environment);
      const before = await tx.operationRow.findUniqueOrThrow({ where: { id }, select: { status: true } });
      const ended = await endWaiting(tx, actor, row, before.status);
      const asked = ended ? 0 : await tx.$executeRaw`UPDATE operation SET abort_requested_at = clock_timestamp(), abort_requested_by = ${actor.name} WHERE id = ${id} AND status = 'running' AND abort_requested_at IS NULL`;
      if (!ended && asked === 0) return before.status;
      if (!ended) await audit(tx, actor, row, "operation.abort", `${actor.name} asked to abort "${row.title}"`, before.status);
      if (!ended) await enqueueOperation(tx, sender, id);
      const position = await nextPosition(tx);
      await tx.operationRow.update({ where: { id }, data: { position } });
      await republishWaiting(tx, row.environment, position, id);
      await publish(tx, "operation", id, position);
      return ended ? null : before.status;
    },
    { maxWait: 8_000, timeout: 10_000 },
  );
  if (found === null) return { id, status: "aborted", waits: null };
  const status = operationStatuses.find((known) => known === found) ?? "running";
  if (status === "aborted") return { id, status, waits: null }; // What was wished for is so.
  if (terminalOperationStatuses.includes(status)) throw new VigieError("conflict", `"${row.title}" has already ended (${status}): there is nothing to abort. To go back, plan a rollback.`, { detail: { id, status } });
  return { id, status, waits: null };
}

/** Nothing was changed by it yet, so nobody has to return anything. Two entries, as for every operation: what was asked, and how it ended. */
async function endWaiting(tx: Transaction, actor: Actor, row: StoredOperation, status: string): Promise<boolean> {
  const note = `Aborted by ${actor.name} before anything was changed.`;
  const count = await tx.$executeRaw`
    UPDATE operation SET status = 'aborted', note = ${note}, finished_at = clock_timestamp(), abort_requested_at = clock_timestamp(), abort_requested_by = ${actor.name}
    WHERE id = ${row.id} AND status IN ('awaiting', 'scheduled', 'queued')`;
  if (count === 0) return false;
  await tx.operationStepRow.updateMany({ where: { operationId: row.id, status: "pending" }, data: { status: "skipped" } });
  await audit(tx, actor, row, "operation.abort", `${actor.name} asked to abort "${row.title}"`, status);
  await audit(tx, actor, row, "operation.outcome", `${row.title}: aborted. ${note}`, status);
  return true;
}

async function audit(tx: Transaction, actor: Actor, row: StoredOperation, action: "operation.abort" | "operation.outcome", summary: string, status: string): Promise<void> {
  await appendAudit(tx, {
    action,
    outcome: action === "operation.abort" ? "allowed" : "failed",
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    environment: row.environment,
    bigPods: [...new Set(row.steps.flatMap((step) => step.bigPod ?? []))],
    operationId: row.id,
    summary,
    reason: null,
    before: { status },
    after: action === "operation.abort" ? null : { status: "aborted" },
  });
}

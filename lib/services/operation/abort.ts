import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { enqueueOperation, operationSender } from "#lib/db/queue.ts";
import { activeStatuses, findOperation } from "#lib/db/repositories/operation.ts";
import { VigieError } from "#lib/domain/error.ts";
import { operationStatuses } from "#lib/domain/status.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { RequestedOperation } from "#lib/services/operation/request.ts";

/**
 * Asks a queued or running operation to stop; the worker returns what it changed and ends it as `aborted`. Asking again changes nothing.
 * Throws VigieError "not-found", "denied", "conflict" (it has ended already).
 */
export async function abortOperation(context: ServiceContext, actor: Actor, id: string): Promise<RequestedOperation> {
  const row = await findOperation(context.db, id);
  if (row === null) throw new VigieError("not-found", "There is no such operation.", { detail: { id } });
  await authorise(context, actor, "operation.abort", row.environment, `abort "${row.title}"`);
  const sender = await operationSender(context.db);
  const found = await context.db.$transaction(async (tx) => {
    const changed = await tx.$executeRaw`UPDATE operation SET abort_requested_at = clock_timestamp(), abort_requested_by = ${actor.name}
      WHERE id = ${id} AND status IN ('queued', 'running') AND abort_requested_at IS NULL`;
    const current = await tx.operationRow.findUniqueOrThrow({ where: { id } });
    if (changed === 0) return current;
    await appendAudit(tx, {
      action: "operation.abort",
      outcome: "allowed",
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      environment: row.environment,
      bigPods: [...new Set(row.steps.flatMap((step) => step.bigPod ?? []))],
      operationId: id,
      summary: `${actor.name} asked to abort "${row.title}"`,
      reason: null,
      before: { status: row.status },
      after: null,
    });
    await enqueueOperation(tx, sender, id);
    const position = await nextPosition(tx);
    await tx.operationRow.update({ where: { id }, data: { position } });
    await publish(tx, "operation", id, position);
    return current;
  });
  const status = operationStatuses.find((known) => known === found.status) ?? "running";
  if (!activeStatuses.includes(status)) throw new VigieError("conflict", `"${row.title}" has already ended (${status}): there is nothing to abort. To go back, plan a rollback.`, { detail: { id, status } });
  return { id, status };
}

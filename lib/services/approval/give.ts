import { approvalRequestSchema } from "#lib/contracts/operation.ts";
import type { ApprovalRequest, Operation } from "#lib/contracts/operation.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { enqueueOperation, operationSender } from "#lib/db/queue.ts";
import { insertApproval, unexpiredApprovals } from "#lib/db/repositories/approval.ts";
import { findOperation, storedActor } from "#lib/db/repositories/operation.ts";
import type { StoredOperation } from "#lib/db/repositories/operation.ts";
import { lockEnvironment } from "#lib/db/repositories/operation-queue.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import { waitingOperationStatuses } from "#lib/domain/status.ts";
import { listApprovals } from "#lib/services/approval/list.ts";
import { samePerson, whoIsBehind } from "#lib/services/approval/same-person.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface GivenApproval {
  id: string;
  status: OperationStatus;
  approvals: Operation["approvals"];
}

/**
 * Approves an operation that waits, for the plan that was looked at. It counts for as long as the policy says, by database time; giving it again while it
 * holds changes nothing, and renews it once it ran out. Throws VigieError "not-found", "denied" (role; own request, also through a token one made),
 * "conflict" (another plan, nothing to approve, begun or ended already, one person by two names).
 */
export async function approveOperation(context: ServiceContext, actor: Actor, id: string, request: ApprovalRequest): Promise<GivenApproval> {
  const { planHash, note = null } = approvalRequestSchema.parse(request);
  const row = await findOperation(context.db, id);
  const missing = new VigieError("not-found", "There is no such operation.", { detail: { id } });
  if (row === null) throw missing;
  await authorise(context, actor, "operation.approve", row.environment, `approve "${row.title}"`, missing);
  try {
    await refuseUnfit(context, actor, row, planHash);
    await give(context, actor, row, planHash, note);
  } catch (error) {
    if (error instanceof VigieError) await auditRefusal(context, actor, row, error);
    throw error;
  }
  const after = await findOperation(context.db, id);
  return { id, status: waitingOperationStatuses.find((status) => status === after?.status) ?? "running", approvals: await listApprovals(context, actor, id) };
}

async function refuseUnfit(context: ServiceContext, actor: Actor, row: StoredOperation, planHash: string): Promise<void> {
  if (!waitingOperationStatuses.some((status) => status === row.status)) throw new VigieError("conflict", `"${row.title}" is ${row.status}: there is nothing left to approve.`, { detail: { id: row.id, status: row.status } });
  if (row.approvalsRequired === 0) throw new VigieError("conflict", `"${row.title}" needs no approval.`, { detail: { id: row.id } });
  if (planHash !== row.planHash) throw new VigieError("conflict", `What you looked at is not what "${row.title}" would do: the plan's hash differs. Reload the operation, look at its plan, and approve that.`, { detail: { id: row.id, planHash: row.planHash } });
  const [requester, self] = [await whoIsBehind(context.db, storedActor(row)), await whoIsBehind(context.db, actor)];
  if (samePerson(requester, self)) {
    const how = actor.id === row.actorId ? "you asked for it yourself" : `the same person stands behind ${actor.name} and ${storedActor(row).name}, who asked for it`;
    throw new VigieError("denied", `You may not approve "${row.title}": ${how}. Ask somebody else.`, { detail: { id: row.id } });
  }
  for (const given of await unexpiredApprovals(context.db, row.id)) {
    if (given.actorId === actor.id || !samePerson(await whoIsBehind(context.db, storedActor(given)), self)) continue;
    throw new VigieError("conflict", `You approved "${row.title}" already, as ${storedActor(given).name}: one person counts once.`, { detail: { id: row.id } });
  }
}

async function give(context: ServiceContext, actor: Actor, row: StoredOperation, planHash: string, note: string | null): Promise<void> {
  const expiresMinutes = context.config.environments.find((environment) => environment.name === row.environment)?.policy.approvals.expiresMinutes ?? 240;
  const by = { kind: actor.kind, id: actor.id, name: actor.name };
  const sender = await operationSender(context.db);
  await context.db.$transaction(
    async (tx) => {
      await lockEnvironment(tx, row.environment);
      const { status } = await tx.operationRow.findUniqueOrThrow({ where: { id: row.id }, select: { status: true } });
      if (!waitingOperationStatuses.some((waiting) => waiting === status)) throw new VigieError("conflict", `"${row.title}" is ${status}: there is nothing left to approve.`, { detail: { id: row.id, status } });
      const approval = await insertApproval(tx, { operationId: row.id, actor: by, planHash, expiresMinutes, note });
      if (approval === null) return;
      await appendAudit(tx, {
        action: "operation.approve",
        outcome: "allowed",
        actor: by,
        environment: row.environment,
        bigPods: [...new Set(row.steps.flatMap((step) => step.bigPod ?? []))],
        operationId: row.id,
        summary: `${actor.name} approved "${row.title}", asked for by ${storedActor(row).name}`,
        reason: note,
        before: null,
        after: { planHash, expiresAt: approval.expiresAt.toISOString() },
      });
      await enqueueOperation(tx, sender, row.id);
      const position = await nextPosition(tx);
      await tx.operationRow.update({ where: { id: row.id }, data: { position } });
      await publish(tx, "operation", row.id, position);
    },
    { maxWait: 8_000, timeout: 10_000 },
  );
}

async function auditRefusal(context: ServiceContext, actor: Actor, row: StoredOperation, error: VigieError): Promise<void> {
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "operation.approve",
      outcome: error.code === "denied" ? "denied" : "failed",
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      environment: row.environment,
      bigPods: [],
      operationId: row.id,
      summary: `An approval was refused: ${error.message}`.slice(0, 2000),
      reason: null,
      before: null,
      after: null,
    }),
  );
}

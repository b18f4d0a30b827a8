import { randomUUID } from "node:crypto";
import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { enqueueOperation, operationSender } from "#lib/db/queue.ts";
import { asJson, findActiveOperation } from "#lib/db/repositories/operation.ts";
import type { StoredPlan } from "#lib/db/repositories/plan.ts";
import { VigieError } from "#lib/domain/error.ts";
import { operationSteps } from "#lib/domain/operation-steps.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { effects } from "#lib/services/operation/effects.ts";
import type { RequestedOperation } from "#lib/services/operation/request.ts";

/** Writes the intent: operation with its steps, audit entry, job and notice, all or nothing. Throws VigieError "conflict" when the environment got busy meanwhile. */
export async function insertOperation(context: ServiceContext, actor: Actor, stored: StoredPlan, reason: string, idempotencyKey: string): Promise<RequestedOperation> {
  const { plan, targets } = stored;
  const id = randomUUID();
  const by = { kind: actor.kind, id: actor.id, name: actor.name };
  const sender = await operationSender(context.db);
  try {
    await context.db.$transaction(
      async (tx) => {
        const steps = operationSteps(plan, targets, context.config.environments.find((candidate) => candidate.name === plan.environment)?.policy ?? null);
        await tx.operationRow.create({
          data: {
            id, kind: plan.kind, environment: plan.environment, status: "queued", title: plan.title, reason, planHash: plan.hash,
            plan: asJson(plan), targets: asJson(targets), actor: asJson(by), actorId: actor.id, idempotencyKey,
            requestedAt: await databaseNow(tx), position: 0n,
            steps: { create: steps.map((step) => ({ ...step, status: "pending", evidence: [] })) },
          },
        });
        await appendAudit(tx, {
          action: "operation.request",
          outcome: "allowed",
          actor: by,
          environment: plan.environment,
          bigPods: targets.map((target) => target.bigPod),
          operationId: id,
          summary: `${actor.name} asked to ${plan.title.charAt(0).toLowerCase()}${plan.title.slice(1)}`,
          reason,
          before: effects(plan, "from"),
          after: { ...effects(plan, "to"), planHash: plan.hash },
        });
        await enqueueOperation(tx, sender, id);
        const position = await nextPosition(tx);
        await tx.operationRow.update({ where: { id }, data: { position } });
        await publish(tx, "operation", id, position);
      },
      { maxWait: 8_000, timeout: 10_000 },
    );
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const active = await findActiveOperation(context.db, plan.environment);
    const what = active === null ? "another operation was asked for in the same moment" : `"${active.title}" (${active.actor}) is ${active.status}`;
    throw new VigieError("conflict", `${plan.environment} is busy: ${what}. Wait for it or abort it, then make the plan again.`, { cause: error, detail: active === null ? {} : { operation: active.id, status: active.status } });
  }
  return { id, status: "queued" };
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "P2002";
}

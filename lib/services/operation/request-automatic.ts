import { randomUUID } from "node:crypto";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { enqueueOperation, operationSender } from "#lib/db/queue.ts";
import { asJson, findActiveOperation } from "#lib/db/repositories/operation.ts";
import type { StoredPlan } from "#lib/db/repositories/plan.ts";
import { VigieError } from "#lib/domain/error.ts";
import { operationSteps } from "#lib/domain/operation-steps.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { effects } from "#lib/services/operation/effects.ts";
import type { RequestedOperation } from "#lib/services/operation/request.ts";

/** Who asks for what Vigie begins by itself. */
export const vigieActor = { kind: "system", id: "vigie", name: "Vigie" } as const;

export interface AutomaticRequest {
  /** The plan as buildPlan made it a moment ago. */
  stored: StoredPlan;
  reason: string;
  /** The operation it follows: of each kind at most one ever follows it. Null: the key alone makes it once. */
  followsId: string | null;
  /** One key for one intent: "rollback-after:<operation>", "drill:<environment>:<due at>". */
  key: string;
  priority: number;
  /** First thing in the transaction; throwing ends it, `false` gives it up without a word (somebody else has done it). */
  before?: (tx: Transaction) => Promise<boolean>;
  /** What belongs to the same intent: it is written with the operation or not at all. */
  also?: (tx: Transaction, operationId: string, at: Date) => Promise<void>;
}

/**
 * Writes an operation that Vigie itself asks for: operation with its steps, audit entry, job and notice, all or nothing. Nobody is authorised, because
 * nobody asks; whoever calls this has judged the gates. Null: it exists already, and nothing was written. Throws VigieError "conflict" when the environment
 * got busy meanwhile.
 */
export async function requestAutomatic(context: ServiceContext, given: AutomaticRequest): Promise<RequestedOperation | null> {
  const { stored, reason, followsId, key, priority } = given;
  const { plan, targets } = stored;
  const id = randomUUID();
  const policy = context.config.environments.find((environment) => environment.name === plan.environment)?.policy ?? null;
  const sender = await operationSender(context.db);
  try {
    return await context.db.$transaction(
      async (tx) => {
        if (given.before !== undefined && !(await given.before(tx))) return null;
        if (await exists(tx, given)) return null;
        const at = await databaseNow(tx);
        await tx.operationRow.create({
          data: {
            id, kind: plan.kind, environment: plan.environment, status: "queued", title: plan.title, reason, planHash: plan.hash,
            plan: asJson(plan), targets: asJson(targets), request: asJson(stored.request), actor: asJson(vigieActor), actorId: vigieActor.id, idempotencyKey: key,
            requestedAt: at, position: 0n, priority, followsId, automatic: true,
            steps: { create: operationSteps(plan, targets, policy).map((step) => ({ ...step, status: "pending", evidence: [] })) },
          },
        });
        await given.also?.(tx, id, at);
        await appendAudit(tx, {
          action: "operation.request",
          outcome: "allowed",
          actor: vigieActor,
          environment: plan.environment,
          bigPods: targets.map((target) => target.bigPod),
          operationId: id,
          summary: `Vigie began by itself to ${plan.title.charAt(0).toLowerCase()}${plan.title.slice(1)}`,
          reason,
          before: effects(plan, "from"),
          after: { ...effects(plan, "to"), planHash: plan.hash, follows: followsId },
        });
        await enqueueOperation(tx, sender, id);
        const position = await nextPosition(tx);
        await tx.operationRow.update({ where: { id }, data: { position } });
        await publish(tx, "operation", id, position);
        return { id, status: "queued" as const };
      },
      { maxWait: 8_000, timeout: 10_000 },
    );
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "P2002")) throw error;
    if (await exists(context.db, given)) return null;
    const active = await findActiveOperation(context.db, plan.environment);
    throw new VigieError("conflict", `${plan.environment} is busy${active === null ? "" : `: "${active.title}" (${active.actor}) is ${active.status}`}.`, { cause: error });
  }
}

async function exists(db: Pick<Transaction, "operationRow">, { stored, followsId, key }: AutomaticRequest): Promise<boolean> {
  const same = [{ actorId: vigieActor.id, idempotencyKey: key }, ...(followsId === null ? [] : [{ followsId, kind: stored.plan.kind, automatic: true }])];
  return (await db.operationRow.count({ where: { OR: same } })) > 0;
}

import { randomUUID } from "node:crypto";
import type { Config } from "#lib/contracts/config.ts";
import type { Plan } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { enqueueOperation, operationSender } from "#lib/db/queue.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { lockEnvironment, republishWaiting, summariesOf } from "#lib/db/repositories/operation-queue.ts";
import type { StoredPlan } from "#lib/db/repositories/plan.ts";
import { operationSteps } from "#lib/domain/operation-steps.ts";
import { operationPriority } from "#lib/domain/queue.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { effects } from "#lib/services/operation/effects.ts";
import { preemptRunning } from "#lib/services/operation/preempt.ts";
import type { RequestedOperation } from "#lib/services/operation/request.ts";
import type { Asker } from "#lib/services/operation/still-allowed.ts";

export interface NewOperation {
  /** What was confirmed, with the gates and the start as they were judged at this moment. */
  stored: StoredPlan;
  reason: string;
  idempotencyKey: string;
  /** The incident it is asked for from. */
  incident?: { id: string; number: number } | null;
  /** Begun by Vigie itself; `followsId` names the operation after which it comes. Once per operation and kind. */
  automatic?: boolean;
  followsId?: string | null;
  /** First thing in the transaction, under the environment's lock; throws to give it up with nothing written. */
  before?: (tx: Transaction) => Promise<void>;
  /** What belongs to the same intent: it is written with the operation or not at all. */
  also?: (tx: Transaction, operationId: string, at: Date) => Promise<void>;
}

/**
 * Writes the intent: operation with its steps, audit entry, job and notice, all or nothing. It waits for what the plan's start says, or is queued;
 * a rollback has what runs aborted in the same transaction. Rejects with Prisma's P2002 when key or predecessor were used already.
 */
export async function insertOperation(context: ServiceContext, asker: Asker, given: NewOperation): Promise<RequestedOperation> {
  const { stored, reason, idempotencyKey, automatic = false, incident = null } = given;
  const { targets, images, request } = stored;
  const id = randomUUID();
  const by = { kind: asker.kind, id: asker.id, name: asker.name };
  const policy = context.config.environments.find((environment) => environment.name === stored.plan.environment)?.policy ?? null;
  const sender = await operationSender(context.db);
  return context.db.$transaction(
    async (tx) => {
      await lockEnvironment(tx, stored.plan.environment);
      await given.before?.(tx);
      const now = await databaseNow(tx);
      // Vigie itself takes nothing away from people.
      const preempted = automatic ? null : await preemptRunning(tx, sender, by, stored.plan);
      const plan = preempted === null ? await withTurn(tx, stored.plan) : stored.plan;
      const waiting = waitingOf(context.config, plan, now);
      await tx.operationRow.create({
        data: {
          id, kind: plan.kind, environment: plan.environment, title: plan.title, reason, planHash: plan.hash, priority: operationPriority(plan.kind), automatic,
          plan: asJson(plan), targets: asJson(targets), images: asJson(images), request: asJson(request), actor: asJson(by), actorId: asker.id, idempotencyKey,
          requestedAt: now, position: 0n, breakGlassId: plan.breakGlassId, followsId: given.followsId ?? preempted?.id ?? null, incidentNumber: incident?.number ?? null, note: preempted?.note ?? null, ...waiting,
          steps: { create: operationSteps(plan, targets, policy).map((step) => ({ ...step, status: "pending", evidence: [] })) },
        },
      });
      await given.also?.(tx, id, now);
      if (incident !== null) await appendEntry(tx, { incidentId: incident.id, key: `operation:${id}:requested`, at: now, kind: "operation", title: `${asker.name} asked to ${plan.title.charAt(0).toLowerCase()}${plan.title.slice(1)}`, detail: reason, actor: by, link: `/operations/${id}` });
      await appendAudit(tx, {
        action: "operation.request",
        outcome: "allowed",
        actor: by,
        environment: plan.environment,
        bigPods: targets.map((target) => target.bigPod),
        operationId: id,
        summary: `${asker.name} asked to ${plan.title.charAt(0).toLowerCase()}${plan.title.slice(1)}${plan.breakGlassId === null ? "" : ", under BREAK-GLASS"}${preempted === null ? "" : `; ${preempted.sentence}`}`,
        reason,
        before: effects(plan, "from"),
        after: { ...effects(plan, "to"), planHash: plan.hash, ...(incident === null ? {} : { incident: incident.number }), ...(plan.breakGlassId === null ? {} : { breakGlass: plan.breakGlassId, overruled: plan.gates.filter((gate) => gate.overruled).map((gate) => gate.title) }) },
      });
      await enqueueOperation(tx, sender, id);
      const position = await nextPosition(tx);
      await tx.operationRow.update({ where: { id }, data: { position } });
      if (preempted !== null) {
        await tx.operationRow.update({ where: { id: preempted.id }, data: { position } });
        await publish(tx, "operation", preempted.id, position);
      }
      await republishWaiting(tx, plan.environment, position, id);
      await publish(tx, "operation", id, position);
      const [summary] = await summariesOf(tx, await tx.operationRow.findMany({ where: { id }, include: { steps: { select: { status: true } } } }));
      return { id, status: waiting.status, waits: summary?.waits ?? null };
    },
    { maxWait: 8_000, timeout: 10_000 },
  );
}

/** Somebody may have been accepted between the judging of the plan and the lock: then this one waits its turn, and says so. */
async function withTurn(tx: Parameters<typeof lockEnvironment>[0], plan: Plan): Promise<Plan> {
  if (plan.start.how !== "now") return plan;
  const ahead = await tx.operationRow.findFirst({ where: { environment: plan.environment, status: { in: ["running", "queued"] } }, orderBy: { status: "desc" }, select: { title: true } });
  return ahead === null ? plan : { ...plan, start: { how: "waits", waits: [{ for: "turn", sentence: `behind "${ahead.title}"`, until: null }] } };
}

function waitingOf(config: Config, plan: Plan, now: Date): { status: OperationStatus; notBefore: Date | null; approvalsRequired: number; waitsUntil: Date | null } {
  const waits = (what: string) => plan.start.waits.find((wait) => wait.for === what);
  const { required, expiresMinutes } = config.environments.find((environment) => environment.name === plan.environment)?.policy.approvals ?? { required: 0, expiresMinutes: 240 };
  const [approvals, window] = [waits("approvals"), waits("window")];
  const notBefore = window === undefined || window.until === null ? null : new Date(window.until);
  return {
    status: approvals !== undefined ? "awaiting" : notBefore !== null ? "scheduled" : "queued",
    notBefore,
    approvalsRequired: approvals === undefined ? 0 : required,
    // Counted from when it could begin at the earliest: what waits for a window anyway is not given up before it.
    waitsUntil: approvals === undefined ? null : new Date((notBefore ?? now).getTime() + expiresMinutes * 60_000),
  };
}

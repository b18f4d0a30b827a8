import type { Actor } from "#lib/contracts/actor.ts";
import { operationRequestSchema } from "#lib/contracts/operation.ts";
import type { OperationRequest } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { findActiveOperation, findByIdempotencyKey } from "#lib/db/repositories/operation.ts";
import { findPlan } from "#lib/db/repositories/plan.ts";
import type { StoredPlan } from "#lib/db/repositories/plan.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import { isVigieError, VigieError } from "#lib/domain/error.ts";
import { bindingDifference, knowsMoreOnly } from "#lib/domain/plan-binding.ts";
import { operationStatuses } from "#lib/domain/status.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { insertOperation } from "#lib/services/operation/insert.ts";
import { preemptPromotion } from "#lib/services/operation/preempt.ts";
import { buildPlan, storedBinding } from "#lib/services/plan/build.ts";

export interface RequestedOperation {
  id: string;
  status: OperationStatus;
}

/**
 * Accepts a plan that was shown: operation, audit entry and job in one transaction. The same key by the same actor gives the same operation,
 * however often and however parallel it is sent. The plan is made again from the facts of this moment; it runs only if its hash is the same.
 * Throws VigieError "denied", "not-found" (plan), "invalid" (key, reason), "conflict": plan of the past, busy environment, the world
 * has moved (detail.difference), gates that do not pass (detail.gates). A refusal after sign-in is an audit entry.
 */
export async function requestOperation(context: ServiceContext, actor: Actor, request: OperationRequest, idempotencyKey: string): Promise<RequestedOperation> {
  if (!/^[\x21-\x7e]{1,200}$/.test(idempotencyKey)) throw new VigieError("invalid", "The Idempotency-Key must be 1 to 200 visible ASCII characters, one key for one intent.");
  const { planHash, reason } = parseRequest(request);
  const stored = await findPlan(context.db, planHash);
  if (stored === null) {
    const earlier = await earlierOperation(context, actor, idempotencyKey, planHash);
    if (earlier !== null) return earlier;
    await auditUnknownPlan(context, actor, planHash, reason);
    throw new VigieError("not-found", "There is no such plan, or it ran out long ago. Make a new one and confirm it within ten minutes.", { detail: { planHash } });
  }
  const { plan } = stored;
  if (plan.kind === "stand-down") throw new VigieError("invalid", "A kept colour is scaled down by Vigie itself when its time is over.");
  await authorise(context, actor, `operation.request.${plan.kind}`, plan.environment, plan.title.charAt(0).toLowerCase() + plan.title.slice(1));
  let writing = false;
  try {
    const earlier = await earlierOperation(context, actor, idempotencyKey, planHash);
    if (earlier !== null) return earlier;
    await acceptable(context, actor, stored);
    writing = true;
    return await insertOperation(context, actor, stored, reason, idempotencyKey);
  } catch (error) {
    // A click that lost the race against its twin finds the environment busy or moved, by its twin: the answer is the twin's operation.
    const twin = await earlierOperation(context, actor, idempotencyKey, planHash).catch((cause: unknown) => {
      // Lost at COMMIT and still away: whether it was written cannot be read back, so nothing is claimed.
      throw writing && isDatabaseAway(cause) ? new VigieError("unavailable", "The database was lost while the operation was being written, so it is not known whether it was accepted. Look at the list of operations, or send the same again with the same Idempotency-Key: it is never done twice.", { cause }) : error;
    });
    if (twin !== null) return twin;
    if (isVigieError(error) && error.code === "conflict") await auditRefusal(context, actor, stored, reason, error);
    throw error;
  }
}

function parseRequest(request: OperationRequest): OperationRequest {
  const parsed = operationRequestSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "A plan's hash and a reason of 3 to 500 characters are needed.", { detail: { issues: parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message })) } });
  // PostgreSQL text holds neither; said here, so that it is a sentence and not a failed statement.
  if (parsed.data.reason.includes("\u0000") || !parsed.data.reason.isWellFormed()) throw new VigieError("invalid", "The reason holds a NUL character or half of a surrogate pair. Remove it and try again.");
  return parsed.data;
}

async function earlierOperation(context: ServiceContext, actor: Actor, idempotencyKey: string, planHash: string): Promise<RequestedOperation | null> {
  const row = await findByIdempotencyKey(context.db, actor.id, idempotencyKey);
  if (row === null) return null;
  if (row.planHash !== planHash) throw new VigieError("conflict", "This Idempotency-Key was used for another request. Use a new key for a new intent.", { detail: { operation: row.id } });
  return { id: row.id, status: operationStatuses.find((status) => status === row.status) ?? "queued" };
}

async function acceptable(context: ServiceContext, actor: Actor, stored: StoredPlan): Promise<void> {
  const { plan, request } = stored;
  const now = await databaseNow(context.db);
  if (now > new Date(plan.expiresAt)) {
    throw new VigieError("conflict", `This plan is of the past: it was made at ${plan.createdAt} and held for ten minutes. Make it again, look at what it would do now, and confirm that.`, { detail: { expiredAt: plan.expiresAt } });
  }
  await refuseBusy(context, actor, plan);
  const current = await buildPlan(context, request);
  const shown = storedBinding(stored);
  if (current.plan.hash !== plan.hash && !knowsMoreOnly(shown, current.binding, current.facts)) {
    const difference = bindingDifference(shown, current.binding);
    throw new VigieError("conflict", `The world has moved since this plan was made: ${difference.slice(0, 3).join("; ")}. Nothing was done; make the plan again.`, { detail: { difference, planHash: plan.hash, currentHash: current.plan.hash } });
  }
  if (!current.plan.ready) {
    // Somebody was faster between the two looks: the sentence is the same as if they had been much faster.
    await refuseBusy(context, actor, plan);
    const failing = current.plan.gates.filter((gate) => gate.verdict !== "pass");
    throw new VigieError("conflict", `Not every gate passes: ${failing.map((gate) => `${gate.title}: ${gate.verdict}, ${gate.evidence}`).join("; ")}. Nothing was done.`, { detail: { gates: failing } });
  }
}

async function refuseBusy(context: ServiceContext, actor: Actor, plan: StoredPlan["plan"]): Promise<void> {
  const active = await findActiveOperation(context.db, plan.environment);
  if (active === null) return;
  if (plan.kind === "rollback" && active.kind === "promotion") await preemptPromotion(context, actor, plan, active.id);
  throw new VigieError("conflict", `${plan.environment} is busy: "${active.title}" (${active.actor}) is ${active.status}. Wait for it or abort it, then make the plan again.`, { detail: { operation: active.id, status: active.status } });
}

/** A plan that is long gone names no environment any more; that somebody tried is an entry all the same. */
async function auditUnknownPlan(context: ServiceContext, actor: Actor, planHash: string, reason: string): Promise<void> {
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "operation.request",
      outcome: "failed",
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      environment: null,
      bigPods: [],
      operationId: null,
      summary: `${actor.name} confirmed a plan that does not exist (any more)`,
      reason,
      before: null,
      after: { planHash },
    }),
  );
}

async function auditRefusal(context: ServiceContext, actor: Actor, { plan }: StoredPlan, reason: string, error: VigieError): Promise<void> {
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "operation.request",
      outcome: "failed",
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      environment: plan.environment,
      bigPods: plan.changes.filter((change) => change.effect !== "unchanged").map((change) => change.bigPod),
      operationId: null,
      summary: `${plan.title} was refused: ${error.message}`.slice(0, 2000),
      reason,
      before: null,
      after: null,
    }),
  );
}

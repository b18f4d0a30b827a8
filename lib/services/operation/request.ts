import type { Actor } from "#lib/contracts/actor.ts";
import { operationRequestSchema } from "#lib/contracts/operation.ts";
import type { OperationRequest, Plan } from "#lib/contracts/operation.ts";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { activeBreakGlassOf } from "#lib/db/repositories/break-glass.ts";
import { summariesOf } from "#lib/db/repositories/operation-queue.ts";
import { findActiveOperation, findByIdempotencyKey } from "#lib/db/repositories/operation.ts";
import { findPlan } from "#lib/db/repositories/plan.ts";
import type { StoredPlan } from "#lib/db/repositories/plan.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import { redact } from "#lib/domain/redact.ts";
import { isVigieError, VigieError } from "#lib/domain/error.ts";
import { bindingDifference, turnTargets } from "#lib/domain/plan-binding.ts";
import { preempts } from "#lib/domain/queue.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readIncident } from "#lib/services/incident/of-big-pod.ts";
import { insertOperation } from "#lib/services/operation/insert.ts";
import { buildPlan, storedBinding } from "#lib/services/plan/build.ts";

export interface RequestedOperation {
  id: string;
  status: OperationStatus;
  /** What it waits for; null once it runs or has ended. */
  waits: OperationSummary["waits"];
}

/**
 * Accepts a plan that was shown: operation, audit entry and job in one transaction. The same key by the same actor gives the same operation,
 * however often and however parallel it is sent. The plan is made again from the facts of this moment; it is accepted only if its hash is the same, and
 * again when its turn comes. A plan that waits (approvals, its turn, a window when `schedule` says so) is accepted and begins by itself.
 * Throws VigieError "denied", "not-found" (plan), "invalid" (key, reason), "conflict": plan of the past, the world has moved (detail.difference),
 * gates that no waiting mends (detail.gates), a window that is shut without `schedule`. A refusal after sign-in is an audit entry.
 */
export async function requestOperation(context: ServiceContext, actor: Actor, request: OperationRequest, idempotencyKey: string): Promise<RequestedOperation> {
  if (!/^[\x21-\x7e]{1,200}$/.test(idempotencyKey)) throw new VigieError("invalid", "The Idempotency-Key must be 1 to 200 visible ASCII characters, one key for one intent.");
  const { planHash, reason, schedule, incident: incidentNumber = null } = parseRequest(request);
  const stored = await findPlan(context.db, planHash);
  if (stored === null) {
    const earlier = await earlierOperation(context, actor, idempotencyKey, planHash);
    if (earlier !== null) return earlier;
    await auditUnknownPlan(context, actor, planHash, reason);
    throw noSuchPlan(planHash);
  }
  const { plan } = stored;
  if (plan.kind === "stand-down") throw new VigieError("invalid", "A kept colour is scaled down by Vigie itself when its time is over.");
  await authorise(context, actor, `operation.request.${plan.kind}`, plan.environment, plan.title.charAt(0).toLowerCase() + plan.title.slice(1), noSuchPlan(planHash));
  let writing = false;
  try {
    const earlier = await earlierOperation(context, actor, idempotencyKey, planHash);
    if (earlier !== null) return earlier;
    const incident = incidentNumber === null ? null : await readIncident(context.db, { number: incidentNumber, environment: plan.environment });
    const accepted = await acceptable(context, actor, stored, schedule !== undefined);
    writing = true;
    return await insertOperation(context, actor, { stored: accepted, reason, idempotencyKey, incident });
  } catch (error) {
    // A click that lost the race against its twin finds its key used or the world moved, by its twin: the answer is the twin's operation.
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
  // A token that was pasted into the reason would stand on every page from now on.
  return { ...parsed.data, reason: redact(parsed.data.reason) };
}

async function earlierOperation(context: ServiceContext, actor: Actor, idempotencyKey: string, planHash: string): Promise<RequestedOperation | null> {
  const row = await findByIdempotencyKey(context.db, actor.id, idempotencyKey);
  if (row === null) return null;
  if (row.planHash !== planHash) throw new VigieError("conflict", "This Idempotency-Key was used for another request. Use a new key for a new intent.", { detail: { operation: row.id } });
  const [summary] = await summariesOf(context.db, [row]);
  return { id: row.id, status: summary?.status ?? "queued", waits: summary?.waits ?? null };
}

/** The plan as it may be accepted: what was shown, with the gates and the start as they are judged now. */
async function acceptable(context: ServiceContext, actor: Actor, stored: StoredPlan, scheduled: boolean): Promise<StoredPlan> {
  const { plan, request } = stored;
  const now = await databaseNow(context.db);
  if (now > new Date(plan.expiresAt)) {
    throw new VigieError("conflict", `This plan is of the past: it was made at ${plan.createdAt} and held for ten minutes. Make it again, look at what it would do now, and confirm that.`, { detail: { expiredAt: plan.expiresAt } });
  }
  const active = await findActiveOperation(context.db, plan.environment);
  const current = await buildPlan(context, request, { breakGlass: await activeBreakGlassOf(context.db, plan.environment, actor.id) });
  const shown = storedBinding(stored);
  const busy = { waited: active !== null, preempted: active?.status === "running" && preempts(plan.kind, active) };
  if (current.plan.hash !== plan.hash && turnTargets(shown, current.binding, current.facts, busy) === null) {
    const difference = bindingDifference(shown, current.binding);
    throw new VigieError("conflict", `The world has moved since this plan was made: ${difference.slice(0, 3).join("; ")}. Nothing was done; make the plan again.`, { detail: { difference, planHash: plan.hash, currentHash: current.plan.hash } });
  }
  refuseClosed(current.plan, scheduled);
  return { ...stored, plan: { ...plan, gates: current.plan.gates, start: current.plan.start, ready: current.plan.ready, afterwards: current.plan.afterwards, breakGlassId: current.plan.breakGlassId } };
}

function refuseClosed({ start, gates }: Plan, scheduled: boolean): void {
  if (start.how === "refused") {
    const failing = gates.filter((gate) => gate.verdict !== "pass" && !gate.overruled);
    throw new VigieError("conflict", `Not every gate passes: ${failing.map((gate) => `${gate.title}: ${gate.verdict}, ${gate.evidence}`).join("; ")}. Nothing was done.`, { detail: { gates: failing } });
  }
  const window = start.waits.find((wait) => wait.for === "window");
  if (window === undefined) return;
  const failing = gates.filter((gate) => gate.name === "window" || gate.name === "freeze");
  if (window.until === null) throw new VigieError("conflict", `It cannot be scheduled: ${window.sentence}. Nothing was done.`, { detail: { gates: failing } });
  if (!scheduled) throw new VigieError("conflict", `Its window is shut: ${window.sentence}. Nothing was done. Confirm it with schedule: "next-window" to have it begin at ${window.until}.`, { detail: { gates: failing, until: window.until } });
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

function noSuchPlan(planHash: string): VigieError {
  return new VigieError("not-found", "There is no such plan, or it ran out long ago. Make a new one and confirm it within ten minutes.", { detail: { planHash } });
}

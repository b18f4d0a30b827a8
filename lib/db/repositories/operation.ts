import { z } from "zod";
import { gateResultSchema, operationStepSchema, planSchema, planTargetSchema } from "#lib/contracts/operation.ts";
import type { Operation, OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { operationSummarySchema } from "#lib/contracts/state.ts";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { ApprovalRow, OperationRow, OperationStepRow, Prisma } from "#lib/db/generated/client.ts";
import { readDurations } from "#lib/db/repositories/operation-durations.ts";
import type { ActiveOperation } from "#lib/domain/plan-facts.ts";
import { remainingOf } from "#lib/domain/queue.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";

const actorSchema = z.object({ kind: z.enum(["person", "token", "system"]), id: z.string(), name: z.string() });
export type StoredActor = z.infer<typeof actorSchema>;
const evidenceSchema = operationStepSchema.shape.evidence;
const targetsSchema = z.array(planTargetSchema);
const statusSchema = operationSummarySchema.shape.status;

export const activeStatuses = statusSchema.options.filter((status) => !terminalOperationStatuses.includes(status));

type SummaryRow = Pick<OperationRow, "id" | "kind" | "environment" | "status" | "title" | "reason" | "actor" | "requestedAt" | "startedAt" | "finishedAt" | "note" | "breakGlassId" | "automatic"> & { steps: Pick<OperationStepRow, "status">[] };

/** Row → what lists and the stream show. Steps of a return count too: progress never goes backwards in length. */
export function toOperationSummary(row: SummaryRow): OperationSummary {
  return {
    id: row.id,
    kind: operationSummarySchema.shape.kind.parse(row.kind),
    environment: row.environment,
    status: statusSchema.parse(row.status),
    title: row.title,
    reason: row.reason,
    actor: actorSchema.parse(row.actor).name,
    requestedAt: row.requestedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    note: row.note,
    waits: null,
    breakGlass: row.breakGlassId !== null,
    automatic: row.automatic,
    progress: { done: row.steps.filter((step) => step.status !== "pending" && step.status !== "running").length, total: row.steps.length },
  };
}

export function toStep(row: OperationStepRow): OperationStep {
  return {
    position: row.position,
    name: row.name,
    title: row.title,
    bigPod: row.bigPod,
    status: operationStepSchema.shape.status.parse(row.status),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    evidence: evidenceSchema.parse(row.evidence),
  };
}

export function toOperation(row: StoredOperation): Operation {
  return {
    ...toOperationSummary(row),
    plan: planSchema.parse(row.plan),
    steps: row.steps.toSorted((a, b) => a.position - b.position).map(toStep),
    abortRequestedBy: row.abortRequestedBy,
    actorId: row.actorId,
    notBefore: row.notBefore?.toISOString() ?? null,
    approvals: { required: row.approvalsRequired, given: row.approvals.map(toApproval), until: row.waitsUntil?.toISOString() ?? null },
    followsId: row.followsId,
    incident: row.incidentNumber,
    gates: z.array(gateResultSchema).parse(row.gates),
  };
}

export function toApproval(row: ApprovalRow): Operation["approvals"]["given"][number] {
  return { by: actorSchema.parse(row.actor).name, actorId: row.actorId, at: row.at.toISOString(), expiresAt: row.expiresAt.toISOString(), note: row.note };
}

export function storedActor(row: { actor: unknown }): StoredActor {
  return actorSchema.parse(row.actor);
}

export function storedTargets(row: Pick<OperationRow, "targets">): PlanTarget[] {
  return targetsSchema.parse(row.targets);
}

/** Typed values are JSON by construction; Prisma's input type cannot see it. */
export function asJson(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

export type StoredOperation = OperationRow & { steps: OperationStepRow[]; approvals: ApprovalRow[] };

export async function findOperation(db: Database | Transaction, id: string): Promise<StoredOperation | null> {
  return db.operationRow.findUnique({ where: { id }, include: { steps: { orderBy: { position: "asc" } }, approvals: { orderBy: { at: "asc" } } } });
}

export async function findByIdempotencyKey(db: Database | Transaction, actorId: string, idempotencyKey: string): Promise<(OperationRow & { steps: Pick<OperationStepRow, "status">[] }) | null> {
  return db.operationRow.findUnique({ where: { actorId_idempotencyKey: { actorId, idempotencyKey } }, include: { steps: { select: { status: true } } } });
}

/**
 * What an environment is busy with: the operation that runs, else the one whose turn is next. Those that await approvals or a window hold nothing up.
 * `except` is left out: an operation does not wait for itself, and not for those behind it, so then only a running one counts.
 */
export async function findActiveOperation(db: Database | Transaction, environment: string, options: { except?: string } = {}): Promise<ActiveOperation | null> {
  const { except } = options;
  const where = { environment, status: { in: except === undefined ? ["running", "queued"] : ["running"] }, ...(except === undefined ? {} : { id: { not: except } }) };
  const rows = await db.operationRow.findMany({ where, orderBy: [{ status: "desc" }, { priority: "desc" }, { requestedAt: "asc" }, { number: "asc" }] });
  const [row] = rows;
  if (row === undefined) return null;
  const durations = await readDurations(db, [environment]);
  const members = rows.map((one) => ({ status: one.status, startedAt: one.startedAt, duration: durations.get(`${environment}/${one.kind}`) ?? null }));
  return { id: row.id, kind: row.kind, title: row.title, actor: storedActor(row).name, status: row.status, requestedAt: row.requestedAt, startedAt: row.startedAt, abortRequested: row.abortRequestedAt !== null, behind: rows.length - 1, remaining: remainingOf(members, await databaseNow(db)) };
}

export type { ApprovalRow, OperationRow, OperationStepRow };

import { z } from "zod";
import { gateResultSchema, operationStepSchema, planSchema, planTargetSchema } from "#lib/contracts/operation.ts";
import type { Operation, OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { operationSummarySchema } from "#lib/contracts/state.ts";
import type { OperationSummary } from "#lib/contracts/state.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { OperationRow, OperationStepRow, Prisma } from "#lib/db/generated/client.ts";
import type { ActiveOperation } from "#lib/domain/plan-facts.ts";
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

export function toOperation(row: OperationRow & { steps: OperationStepRow[] }): Operation {
  return {
    ...toOperationSummary(row),
    plan: planSchema.parse(row.plan),
    steps: row.steps.toSorted((a, b) => a.position - b.position).map(toStep),
    abortRequestedBy: row.abortRequestedBy,
    actorId: row.actorId,
    notBefore: row.notBefore?.toISOString() ?? null,
    approvals: { required: row.approvalsRequired, given: [], until: row.waitsUntil?.toISOString() ?? null },
    followsId: row.followsId,
    gates: z.array(gateResultSchema).parse(row.gates),
  };
}

export function storedActor(row: Pick<OperationRow, "actor">): StoredActor {
  return actorSchema.parse(row.actor);
}

export function storedTargets(row: Pick<OperationRow, "targets">): PlanTarget[] {
  return targetsSchema.parse(row.targets);
}

/** Typed values are JSON by construction; Prisma's input type cannot see it. */
export function asJson(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

export async function findOperation(db: Database | Transaction, id: string): Promise<(OperationRow & { steps: OperationStepRow[] }) | null> {
  return db.operationRow.findUnique({ where: { id }, include: { steps: { orderBy: { position: "asc" } } } });
}

export async function findByIdempotencyKey(db: Database | Transaction, actorId: string, idempotencyKey: string): Promise<OperationRow | null> {
  return db.operationRow.findUnique({ where: { actorId_idempotencyKey: { actorId, idempotencyKey } } });
}

export async function findActiveOperation(db: Database | Transaction, environment: string): Promise<(ActiveOperation & { abortRequested: boolean }) | null> {
  const row = await db.operationRow.findFirst({ where: { environment, status: { in: activeStatuses } } });
  if (row === null) return null;
  return { id: row.id, kind: row.kind, title: row.title, actor: storedActor(row).name, status: row.status, requestedAt: row.requestedAt, abortRequested: row.abortRequestedAt !== null };
}

export type { OperationRow, OperationStepRow };

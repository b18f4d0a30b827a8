import type { OperationSummary } from "#lib/contracts/state.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { publish } from "#lib/db/publish.ts";
import { activeStatuses, storedActor, toOperationSummary } from "#lib/db/repositories/operation.ts";
import type { OperationRow, OperationStepRow } from "#lib/db/repositories/operation.ts";
import { readDurations } from "#lib/db/repositories/operation-durations.ts";
import { waitsOf } from "#lib/domain/queue.ts";
import type { QueueMember } from "#lib/domain/queue.ts";
import { operationStatuses, waitingOperationStatuses } from "#lib/domain/status.ts";

export const environmentLockName = (environment: string): string => `operations of ${environment}`;

/**
 * Serialises what decides whose turn it is in an environment: requests, claims, aborts, approvals, ends. Held until the transaction ends; always taken
 * first in it, before rows, the audit log and the stream clock.
 */
export async function lockEnvironment(tx: Transaction, environment: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${environmentLockName(environment)}, 0))`;
}

/** All operations of some environments that have not ended, with what is needed to say how long they wait. */
export async function readQueues(db: Database | Transaction, environments: readonly string[]): Promise<Map<string, QueueMember[]>> {
  const where = { environment: { in: [...environments] }, status: { in: activeStatuses } };
  const rows = await db.operationRow.findMany({ where, omit: { plan: true, targets: true, gates: true, images: true, request: true }, include: { approvals: { select: { expiresAt: true } } } });
  if (rows.length === 0) return new Map();
  const [durations, now] = [await readDurations(db, environments), await databaseNow(db)];
  const queues = new Map<string, QueueMember[]>();
  for (const row of rows) {
    const member: QueueMember = {
      id: row.id, title: row.title, actor: storedActor(row).name, status: operationStatuses.find((status) => status === row.status) ?? "queued", priority: row.priority, number: row.number,
      requestedAt: row.requestedAt, startedAt: row.startedAt, abortRequested: row.abortRequestedAt !== null, notBefore: row.notBefore, duration: durations.get(`${row.environment}/${row.kind}`) ?? null,
      approvals: { required: row.approvalsRequired, given: row.approvals.filter((approval) => approval.expiresAt > now).length, until: row.waitsUntil },
    };
    queues.set(row.environment, [...(queues.get(row.environment) ?? []), member]);
  }
  return queues;
}

/** Rows → summaries, with what those that wait are waiting for. Asks nothing more when none of them waits. */
export async function summariesOf<Row extends OperationRow & { steps: Pick<OperationStepRow, "status">[] }>(db: Database | Transaction, rows: readonly Row[]): Promise<OperationSummary[]> {
  const waiting = rows.filter((row) => waitingOperationStatuses.some((status) => status === row.status));
  const queues = waiting.length === 0 ? new Map<string, QueueMember[]>() : await readQueues(db, [...new Set(waiting.map((row) => row.environment))]);
  const now = waiting.length === 0 ? new Date(0) : await databaseNow(db);
  return rows.map((row) => ({ ...toOperationSummary(row), waits: waitsOf(row.id, queues.get(row.environment) ?? [], now) }));
}

/** Tells listeners of an environment's waiting operations anew: their places have changed. Needs the environment's lock. */
export async function republishWaiting(tx: Transaction, environment: string, position: bigint, except?: string): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    UPDATE operation SET position = ${position} WHERE environment = ${environment} AND status IN ('awaiting', 'scheduled', 'queued') AND id <> ${except ?? ""} RETURNING id`;
  for (const { id } of rows) await publish(tx, "operation", id, position);
}

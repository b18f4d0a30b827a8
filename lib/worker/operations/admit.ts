import { appendAudit } from "#lib/db/audit.ts";
import type { Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { storedActor, storedTargets } from "#lib/db/repositories/operation.ts";
import type { OperationRow } from "#lib/db/repositories/operation.ts";
import { lockEnvironment, republishWaiting } from "#lib/db/repositories/operation-queue.ts";
import { validApprovals } from "#lib/services/approval/valid.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { refusalEntry } from "#lib/services/operation/refusal.ts";

/** What is due: approvals may be complete or too late, or the time has come. Database time decides. */
type Due = Pick<OperationRow, "id" | "environment" | "status"> & { late: boolean };

/**
 * Moves on what waits: awaiting → scheduled or queued once it is approved, or → refused when it was not in time; scheduled → queued when its window opens.
 * Any number of workers may do it at once: each move is conditional. Returns how many moved.
 */
export async function admitWaiting(context: ServiceContext, worker: string): Promise<number> {
  const due = await context.db.$queryRaw<Due[]>`
    SELECT o.id, o.environment, o.status, coalesce(o.waits_until <= clock_timestamp(), false) AS late FROM operation o
    WHERE (o.status = 'scheduled' AND (o.not_before IS NULL OR o.not_before <= clock_timestamp()))
      OR (o.status = 'awaiting' AND (o.waits_until <= clock_timestamp()
        OR (SELECT count(*) FROM approval a WHERE a.operation_id = o.id AND a.expires_at > clock_timestamp()) >= o.approvals_required))
    ORDER BY o.requested_at`;
  let moved = 0;
  for (const one of due) {
    try {
      moved += (await admit(context, one, worker)) ? 1 : 0;
    } catch (error) {
      // One that cannot be read must not hold up the others.
      context.log.warn({ operation: one.id, error }, "An operation that waits could not be looked at; it is tried again");
    }
  }
  return moved;
}

async function admit(context: ServiceContext, { id, status, late }: Due, worker: string): Promise<boolean> {
  const row = await context.db.operationRow.findUnique({ where: { id } });
  if (row === null || row.status !== status) return false;
  const approvals = status === "awaiting" ? (await validApprovals(context, row)).length : row.approvalsRequired;
  if (approvals >= row.approvalsRequired) return goOn(context, row);
  return late && (await expire(context, row, approvals, worker));
}

function goOn(context: ServiceContext, row: OperationRow): Promise<boolean> {
  return move(context, row, async (tx) => {
    const changed = await tx.$executeRaw`
      UPDATE operation SET status = CASE WHEN status = 'awaiting' AND not_before > clock_timestamp() THEN 'scheduled' ELSE 'queued' END, note = NULL
      WHERE id = ${row.id} AND status = ${row.status}`;
    return changed === 1;
  });
}

function expire(context: ServiceContext, row: OperationRow, given: number, worker: string): Promise<boolean> {
  const sentence = `It was not approved in time: ${given} of ${row.approvalsRequired} approval${row.approvalsRequired === 1 ? "" : "s"} given until ${row.waitsUntil?.toISOString() ?? "now"}. Nothing was changed. Make a new plan and ask again.`;
  return move(context, row, async (tx) => {
    const changed = await tx.$executeRaw`UPDATE operation SET status = 'refused', note = ${sentence}, finished_at = clock_timestamp() WHERE id = ${row.id} AND status = 'awaiting'`;
    if (changed === 0) return false;
    await tx.operationStepRow.updateMany({ where: { operationId: row.id, status: "pending" }, data: { status: "skipped" } });
    const bigPods = storedTargets(row).map((target) => target.bigPod);
    await appendAudit(tx, refusalEntry({ ...row, bigPods, by: { kind: "system", id: worker, name: "Vigie" } }, storedActor(row).name, sentence, {}));
    return true;
  });
}

async function move({ db }: ServiceContext, row: OperationRow, change: (tx: Transaction) => Promise<boolean>): Promise<boolean> {
  return db.$transaction(
    async (tx) => {
      await lockEnvironment(tx, row.environment);
      if (!(await change(tx))) return false;
      const position = await nextPosition(tx);
      await tx.operationRow.update({ where: { id: row.id }, data: { position } });
      await republishWaiting(tx, row.environment, position, row.id);
      await publish(tx, "operation", row.id, position);
      return true;
    },
    { maxWait: 5_000, timeout: 10_000 },
  );
}

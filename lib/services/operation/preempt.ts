import type { Plan } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import type { Transaction } from "#lib/db/client.ts";
import { enqueueOperation } from "#lib/db/queue.ts";
import type { OperationSender } from "#lib/db/queue.ts";
import { storedActor } from "#lib/db/repositories/operation.ts";
import { preempts } from "#lib/domain/queue.ts";
import type { Asker } from "#lib/services/operation/still-allowed.ts";

/**
 * A rollback asked for while something else runs: what runs is told to abort, in the transaction that queues the rollback before all others. Returns
 * what is aborted, with the sentences for both; null when nothing runs, or another rollback does. Needs the environment's lock.
 */
export async function preemptRunning(tx: Transaction, sender: OperationSender, by: Asker, plan: Plan): Promise<{ id: string; sentence: string; note: string } | null> {
  const running = await tx.operationRow.findFirst({ where: { environment: plan.environment, status: "running" } });
  if (running === null || !preempts(plan.kind, running)) return null;
  const what = `"${running.title}" (${storedActor(running).name})`;
  if (running.abortRequestedAt !== null) return { id: running.id, sentence: `${what} is being aborted already`, note: `Begins when ${what}, which is being aborted, has brought back what it changed.` };
  const asked = `${by.name}, for the rollback${plan.release === null ? "" : ` to R-${plan.release}`}`;
  await tx.$executeRaw`UPDATE operation SET abort_requested_at = clock_timestamp(), abort_requested_by = ${asked} WHERE id = ${running.id} AND status = 'running' AND abort_requested_at IS NULL`;
  await appendAudit(tx, {
    action: "operation.abort",
    outcome: "allowed",
    actor: by,
    environment: plan.environment,
    bigPods: [],
    operationId: running.id,
    summary: `"${running.title}" is aborted for the rollback by ${by.name}`,
    reason: null,
    before: { status: running.status },
    after: null,
  });
  await enqueueOperation(tx, sender, running.id);
  return { id: running.id, sentence: `${what} is aborted for it`, note: `${what} is aborted for this rollback, which begins when what it changed is back.` };
}

import type { Database } from "#lib/db/client.ts";
import { storedTargets } from "#lib/db/repositories/operation.ts";

export interface FailedOperation {
  id: string;
  title: string;
  status: "failed" | "returned";
  note: string | null;
  environment: string;
  bigPods: string[];
  finishedAt: Date;
}

/** So old, a failure that nobody recorded is history. */
const forgottenHours = 24;

/** Operations that ended badly within a day and have no signal yet; at most 100. */
export async function failedWithoutSignal(db: Database): Promise<FailedOperation[]> {
  const ids = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM operation WHERE status IN ('failed', 'returned') AND finished_at > clock_timestamp() - make_interval(hours => ${forgottenHours}::int)
      AND NOT EXISTS (SELECT 1 FROM signal WHERE signal.key = 'operation:' || operation.id) ORDER BY finished_at LIMIT 100`;
  if (ids.length === 0) return [];
  const rows = await db.operationRow.findMany({ where: { id: { in: ids.map((row) => row.id) } }, orderBy: { finishedAt: "asc" } });
  return rows.flatMap((row) => {
    if (row.finishedAt === null) return [];
    const bigPods = [...new Set(storedTargets(row).map((target) => target.bigPod))];
    return [{ id: row.id, title: row.title, status: row.status === "failed" ? ("failed" as const) : ("returned" as const), note: row.note, environment: row.environment, bigPods, finishedAt: row.finishedAt }];
  });
}

/** Keys of live signals of operations that are over: something succeeded there since, or so many seconds have passed. */
export async function overOperationSignals(db: Database, quietSeconds: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ key: string }[]>`
    SELECT key FROM signal WHERE kind = 'operation' AND state <> 'ended' AND (onset_at < clock_timestamp() - make_interval(secs => ${quietSeconds})
      OR EXISTS (SELECT 1 FROM operation WHERE operation.environment = signal.environment AND operation.status = 'succeeded' AND operation.finished_at > signal.onset_at))`;
  return rows.map((row) => row.key);
}

/** "environment/bigPod" of what running operations change, and judge themselves. */
export async function runningTargets(db: Database): Promise<Set<string>> {
  const rows = await db.operationRow.findMany({ where: { status: "running" }, select: { environment: true, targets: true } });
  return new Set(rows.flatMap((row) => storedTargets(row).map((target) => `${row.environment}/${target.bigPod}`)));
}

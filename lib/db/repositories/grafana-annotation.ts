import type { Database } from "#lib/db/client.ts";

/** An operation that Grafana does not know of yet, or not of its end. */
export interface DueAnnotation {
  operationId: string;
  kind: string;
  environment: string;
  status: string;
  title: string;
  actor: string;
  bigPods: string[];
  startedAt: Date;
  /** Null while it runs. */
  finishedAt: Date | null;
  /** Grafana's; null until it is made. */
  annotationId: number | null;
  attempts: number;
}

/** Longer ago than this, nobody looks for it in a dashboard any more; a Grafana that is configured today is not filled with the past. */
const lookBackHours = 24;
const most = 20;
const firstPauseSeconds = 15;
const longestPauseSeconds = 600;

/** Promotions and rollbacks that are due, oldest first: begun and not told, or ended and not told so, and not tried a moment ago. Database time only. */
export async function dueAnnotations(db: Database): Promise<DueAnnotation[]> {
  const rows = await db.$queryRaw<(Omit<DueAnnotation, "annotationId"> & { annotationId: bigint | null })[]>`
    SELECT o.id AS "operationId", o.kind, o.environment, o.status, o.title, o.actor->>'name' AS actor, o.started_at AS "startedAt", o.finished_at AS "finishedAt",
      ARRAY(SELECT t->>'bigPod' FROM jsonb_array_elements(o.targets) t) AS "bigPods", g.annotation_id AS "annotationId", coalesce(g.attempts, 0) AS attempts
    FROM operation o LEFT JOIN grafana_annotation g ON g.operation_id = o.id
    WHERE o.kind IN ('promotion', 'rollback') AND o.started_at > clock_timestamp() - ${lookBackHours} * interval '1 hour'
      AND (g.operation_id IS NULL OR (NOT g.ended AND (g.annotation_id IS NULL OR o.finished_at IS NOT NULL)
        AND (g.attempts = 0 OR g.updated_at <= clock_timestamp() - least(${longestPauseSeconds}, ${firstPauseSeconds} * power(2, least(g.attempts, 10) - 1)) * interval '1 second')))
    ORDER BY o.started_at LIMIT ${most}`;
  return rows.map((row) => ({ ...row, annotationId: row.annotationId === null ? null : Number(row.annotationId) }));
}

/**
 * Takes an operation for one attempt; false when another worker has just taken it. For the time of a pause (longer than all requests of an attempt) nobody
 * else will, so that two workers never tell Grafana at once.
 */
export async function claimAnnotation(db: Database, { operationId, attempts }: Pick<DueAnnotation, "operationId" | "attempts">): Promise<boolean> {
  const taken = await db.$executeRaw`
    INSERT INTO grafana_annotation AS g (operation_id, attempts, updated_at) VALUES (${operationId}, 1, clock_timestamp())
    ON CONFLICT (operation_id) DO UPDATE SET attempts = g.attempts + 1, updated_at = clock_timestamp() WHERE g.attempts = ${attempts} AND NOT g.ended`;
  return taken === 1;
}

/** Grafana has it, or its end. What follows may be tried at once. */
export async function annotationTold(db: Database, operationId: string, { annotationId, ended }: { annotationId: number | null; ended: boolean }): Promise<void> {
  await db.$executeRaw`UPDATE grafana_annotation SET annotation_id = coalesce(${annotationId}::bigint, annotation_id), ended = ${ended}, attempts = 0, last_error = NULL, updated_at = clock_timestamp() WHERE operation_id = ${operationId}`;
}

export async function annotationFailed(db: Database, operationId: string, sentence: string): Promise<void> {
  await db.$executeRaw`UPDATE grafana_annotation SET last_error = ${sentence.slice(0, 500)} WHERE operation_id = ${operationId}`;
}

import type { Database } from "#lib/db/client.ts";
import { unwrapBytes } from "#lib/domain/audit-chain.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";

/** An entry that says what was about to be done, and that no entry says the end of. */
export interface OrphanedIntent {
  sequence: number;
  action: string;
  environment: string | null;
  bigPods: string[];
  actorId: string;
  actorName: string;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  operationId: string | null;
  /** Null: no such operation is known any more. */
  operation: { status: string; title: string; note: string | null; finishedAt: Date | null } | null;
}

interface Row {
  sequence: bigint;
  action: string;
  environment: string | null;
  big_pods: string[];
  actor_id: string;
  actor_name: string;
  operation_id: string | null;
  bytes: string;
  status: string | null;
  title: string | null;
  note: string | null;
  finished_at: Date | null;
}

const most = 100;

function toIntent(row: Row): OrphanedIntent {
  const body = unwrapBytes(row.bytes)?.body ?? {};
  const values = (side: unknown): Record<string, unknown> | null => (typeof side === "object" && side !== null && !Array.isArray(side) ? (side as Record<string, unknown>) : null); // narrowed just before
  return {
    sequence: Number(row.sequence), action: row.action, environment: row.environment, bigPods: row.big_pods, actorId: row.actor_id, actorName: row.actor_name, operationId: row.operation_id,
    reason: typeof body.reason === "string" ? body.reason : null, before: values(body.before), after: values(body.after),
    operation: row.status === null || row.title === null ? null : { status: row.status, title: row.title, note: row.note, finishedAt: row.finished_at },
  };
}

/**
 * Operations that were asked for so many days back or less and have ended, are gone, or cannot run because their environment is not configured, although no entry says how they ended.
 * What ended, or was asked for, within `graceSeconds` may still be written down. Oldest first.
 */
export async function orphanedOperations(db: Database, { days, graceSeconds, environments }: { days: number; graceSeconds: number; environments: readonly string[] }): Promise<OrphanedIntent[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT e.sequence, e.action, e.environment, e.big_pods, e.actor_id, e.actor_name, e.operation_id, e.bytes, o.status, o.title, o.note, o.finished_at
    FROM audit_entry e LEFT JOIN operation o ON o.id = e.operation_id
    WHERE e.action = 'operation.request' AND e.outcome = 'allowed' AND e.operation_id IS NOT NULL
      AND e.at > clock_timestamp() - make_interval(days => ${days}) AND e.at < clock_timestamp() - make_interval(secs => ${graceSeconds})
      AND (o.id IS NULL OR o.finished_at < clock_timestamp() - make_interval(secs => ${graceSeconds})
        OR (o.status = ANY (${[...terminalOperationStatuses]}) AND o.finished_at IS NULL) OR (o.status IN ('queued', 'scheduled', 'awaiting') AND NOT o.environment = ANY (${[...environments]})))
      AND NOT EXISTS (SELECT 1 FROM audit_entry d WHERE d.operation_id = e.operation_id AND d.action IN ('operation.outcome', 'operation.refuse', 'intent.resolve'))
    ORDER BY e.sequence LIMIT ${most}`;
  return rows.map(toIntent);
}

/** Silences that somebody was about to make or end, with no entry that says whether it came to be. */
export async function orphanedSilences(db: Database, { days, graceSeconds }: { days: number; graceSeconds: number }): Promise<OrphanedIntent[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT e.sequence, e.action, e.environment, e.big_pods, e.actor_id, e.actor_name, e.operation_id, e.bytes, NULL AS status, NULL AS title, NULL AS note, NULL::timestamptz AS finished_at
    FROM audit_entry e
    WHERE e.action IN ('silence.create', 'silence.end') AND e.outcome = 'allowed'
      AND e.at > clock_timestamp() - make_interval(days => ${days}) AND e.at < clock_timestamp() - make_interval(secs => ${graceSeconds})
      AND NOT EXISTS (SELECT 1 FROM audit_entry d WHERE d.action = e.action AND d.outcome IN ('failed', 'succeeded') AND d.sequence > e.sequence AND d.actor_id = e.actor_id
        AND coalesce(d.bytes::jsonb #>> '{body,after,signalId}', d.bytes::jsonb #>> '{body,before,silence}') = coalesce(e.bytes::jsonb #>> '{body,after,signalId}', e.bytes::jsonb #>> '{body,before,silence}'))
      AND NOT EXISTS (SELECT 1 FROM audit_entry d WHERE d.action = 'intent.resolve' AND (d.bytes::jsonb #>> '{body,after,intent}')::bigint = e.sequence)
    ORDER BY e.sequence LIMIT ${most}`;
  return rows.map(toIntent);
}

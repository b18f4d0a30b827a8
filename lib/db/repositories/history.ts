import { historicStateSchema } from "#lib/contracts/history.ts";
import type { ClusterEvent, HistoricState } from "#lib/contracts/history.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { StatusMark } from "#lib/domain/history.ts";
import { healthStatuses } from "#lib/domain/status.ts";
import type { HealthStatus } from "#lib/domain/status.ts";

export interface PlacedHistory extends HistoricState {
  environment: string;
  bigPod: string;
}

/** What each Big Pod was at a moment: its newest row until then, by one index look-up each. */
export async function readStatesAt(db: Database | Transaction, environments: readonly string[], at: Date): Promise<PlacedHistory[]> {
  const rows = await db.$queryRaw<{ environment: string; big_pod: string; status: string; cause: string | null; version: string | null; at: Date; detail: unknown }[]>`
    SELECT s.environment, s.big_pod, h.status, h.cause, h.version, h.at, h.detail
    FROM big_pod_state s CROSS JOIN LATERAL (
      SELECT * FROM state_history h WHERE h.environment = s.environment AND h.big_pod = s.big_pod AND h.at <= ${at} ORDER BY h.at DESC, h.id DESC LIMIT 1
    ) h WHERE s.environment = ANY(${[...environments]})`;
  return rows.map(({ environment, big_pod: bigPod, status, cause, version, at: since, detail }) => {
    const parsed = historicStateSchema.safeParse(detail);
    const known: HistoricState = parsed.success
      ? parsed.data
      : { status: statusOf(status), cause, version, since: since.toISOString(), replicas: { desired: 0, updated: 0, ready: 0, available: 0, total: 0 }, rollout: null, services: [] };
    return { environment, bigPod, ...known };
  });
}

/** Marks of the time between, and of each Big Pod the last one before it. */
export async function readMarks(db: Database | Transaction, where: { environments: readonly string[]; bigPod: string | null; from: Date; to: Date }): Promise<Map<string, { environment: string; bigPod: string; marks: StatusMark[] }>> {
  const rows = await db.$queryRaw<{ environment: string; big_pod: string; status: string; at: Date }[]>`
    SELECT environment, big_pod, status, at FROM (
      SELECT h.environment, h.big_pod, h.status, h.at, h.id FROM state_history h
      WHERE h.environment = ANY(${[...where.environments]}) AND (${where.bigPod}::text IS NULL OR h.big_pod = ${where.bigPod}) AND h.at > ${where.from} AND h.at <= ${where.to}
      UNION ALL
      SELECT s.environment, s.big_pod, h.status, h.at, h.id FROM big_pod_state s CROSS JOIN LATERAL (
        SELECT * FROM state_history h WHERE h.environment = s.environment AND h.big_pod = s.big_pod AND h.at <= ${where.from} ORDER BY h.at DESC, h.id DESC LIMIT 1
      ) h WHERE s.environment = ANY(${[...where.environments]}) AND (${where.bigPod}::text IS NULL OR s.big_pod = ${where.bigPod})
    ) marks ORDER BY environment, big_pod, at, id`;
  const found = new Map<string, { environment: string; bigPod: string; marks: StatusMark[] }>();
  for (const row of rows) {
    const key = `${row.environment}/${row.big_pod}`;
    const known = found.get(key) ?? { environment: row.environment, bigPod: row.big_pod, marks: [] };
    known.marks.push({ at: row.at.getTime(), status: statusOf(row.status) });
    found.set(key, known);
  }
  return found;
}

export async function firstMoment(db: Database | Transaction, environments: readonly string[]): Promise<Date | null> {
  const rows = await db.$queryRaw<{ at: Date | null }[]>`
    SELECT min(h.at) AS at FROM big_pod_state s CROSS JOIN LATERAL (
      SELECT at FROM state_history h WHERE h.environment = s.environment AND h.big_pod = s.big_pod ORDER BY h.at LIMIT 1
    ) h WHERE s.environment = ANY(${[...environments]})`;
  return rows[0]?.at ?? null;
}

/** The release each environment had recorded last at a moment, by when records were first or again seen there: from the changes of kind "release", else from records. */
export async function readReleasesAt(db: Database | Transaction, environments: readonly string[], at: Date): Promise<{ environment: string; release: number; since: string }[]> {
  const rows = await db.$queryRaw<{ environment: string; release: number; at: Date }[]>`
    SELECT DISTINCT ON (environment) environment, release, at FROM (
      SELECT environment, release, at FROM change WHERE kind = 'release' AND release IS NOT NULL AND environment = ANY(${[...environments]}) AND at <= ${at}
      UNION ALL
      SELECT environment, number, seen_at FROM release_record WHERE environment = ANY(${[...environments]}) AND seen_at <= ${at}
    ) known ORDER BY environment, at DESC`;
  return rows.map((row) => ({ environment: row.environment, release: row.release, since: row.at.toISOString() }));
}

export interface SeenEvent extends ClusterEvent {
  environment: string;
  bigPod: string | null;
}

/** Keeps events, or what is new of them. */
export async function keepEvents(tx: Transaction, events: readonly SeenEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO cluster_event (environment, uid, big_pod, object, type, reason, message, count, first_at, last_at)
    SELECT environment, uid, "bigPod", object, type, reason, message, count, "firstAt", "lastAt"
    FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS seen(environment text, uid text, "bigPod" text, object text, type text, reason text, message text, count integer, "firstAt" timestamptz, "lastAt" timestamptz)
    ON CONFLICT (environment, uid) DO UPDATE SET message = EXCLUDED.message, count = EXCLUDED.count, last_at = EXCLUDED.last_at, big_pod = coalesce(EXCLUDED.big_pod, cluster_event.big_pod)
    WHERE cluster_event.last_at < EXCLUDED.last_at OR cluster_event.count < EXCLUDED.count`;
}

/** Newest first, of one moment by uid; `before` is where the page before ended (`uid` null: every event of that moment was on it). */
export async function readEvents(db: Database, query: { environment: string; bigPod: string; before: { at: Date; uid: string | null } | null; limit: number }): Promise<ClusterEvent[]> {
  const { before } = query;
  const rest = before === null ? {} : { OR: [{ lastAt: { lt: before.at } }, ...(before.uid === null ? [] : [{ lastAt: before.at, uid: { gt: before.uid } }])] };
  const rows = await db.clusterEventRow.findMany({
    where: { environment: query.environment, bigPod: query.bigPod, ...rest },
    orderBy: [{ lastAt: "desc" }, { uid: "asc" }],
    take: query.limit,
  });
  return rows.map(({ uid, object, type, reason, message, count, firstAt, lastAt }) => ({ uid, object, type, reason, message, count, firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() }));
}

/** Deletes up to `limit` events last seen more than `days` ago; returns how many. */
export async function pruneEvents(db: Database, days: number, limit: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM cluster_event WHERE (environment, uid) IN (
      SELECT environment, uid FROM cluster_event WHERE last_at < now() - make_interval(days => ${days}::int) ORDER BY last_at LIMIT ${limit})`;
}

function statusOf(text: string): HealthStatus {
  return healthStatuses.find((known) => known === text) ?? "unknown";
}

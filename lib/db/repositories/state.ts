import type { Prisma } from "#lib/db/generated/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { historicState } from "#lib/domain/history.ts";
import type { HealthFact } from "#lib/domain/signal-health.ts";
import { bigPodStateSchema, sourceStateSchema } from "#lib/contracts/state.ts";
import type { BigPodState, SourceState } from "#lib/contracts/state.ts";

/** Rows are parsed when they are read: a row from an older version that no longer fits is left out, and the worker writes it anew. */
function parsed<T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } }, value: unknown): T[] {
  const result = schema.safeParse(value);
  return result.success ? [result.data] : [];
}

/** PostgreSQL's text and jsonb have neither NUL nor half surrogate pairs, and one odd text must not hold up every write. */
function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
function storable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "string" ? storableText(item) : item));
}

export interface PositionedState {
  state: BigPodState;
  position: number;
}
export interface PositionedSource {
  source: SourceState;
  position: number;
}

/**
 * Writes a state under a position; a row of history is added in the same statement when what the overview shows of it differs from the stored one.
 * A change of status is dated by when it began, any other by when it was seen.
 */
export async function writeState(tx: Transaction, state: BigPodState, position: bigint): Promise<void> {
  const json = storable(state);
  const detail = storable(historicState(state));
  const cause = state.cause === null ? null : storableText(state.cause);
  const version = state.version === null ? null : storableText(state.version);
  await tx.$executeRaw`
    WITH before AS (
      SELECT status, detail FROM big_pod_state WHERE environment = ${state.environment} AND big_pod = ${state.bigPod}
    ), history AS (
      INSERT INTO state_history (environment, big_pod, status, cause, version, at, detail)
      SELECT ${state.environment}, ${state.bigPod}, ${state.status}, ${cause}, ${version},
        CASE WHEN (SELECT status FROM before) = ${state.status} THEN ${state.observedAt}::timestamptz ELSE ${state.since}::timestamptz END, ${detail}::jsonb
      WHERE NOT EXISTS (SELECT 1 FROM before WHERE status = ${state.status} AND detail = ${detail}::jsonb)
    )
    INSERT INTO big_pod_state (environment, big_pod, status, state, since, position, updated_at, detail)
    VALUES (${state.environment}, ${state.bigPod}, ${state.status}, ${json}::jsonb, ${state.since}::timestamptz, ${position}, clock_timestamp(), ${detail}::jsonb)
    ON CONFLICT (environment, big_pod) DO UPDATE SET status = EXCLUDED.status, state = EXCLUDED.state, since = EXCLUDED.since, position = EXCLUDED.position, updated_at = EXCLUDED.updated_at, detail = EXCLUDED.detail`;
}

/**
 * Deletes up to `limit` rows of history older than `days`, by database time, oldest first; returns how many. The status that a Big Pod had
 * at that moment is kept, however old, or the time after it would have no beginning.
 */
export async function pruneStateHistory(db: Database, days: number, limit: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM state_history WHERE id IN (
      SELECT id FROM state_history old
      WHERE at < now() - make_interval(days => ${days}::int)
        AND EXISTS (SELECT 1 FROM state_history later WHERE later.environment = old.environment AND later.big_pod = old.big_pod AND (later.at, later.id) > (old.at, old.id) AND later.at < now() - make_interval(days => ${days}::int))
      ORDER BY id LIMIT ${limit})`;
}

/** `position` null: only the moment of contact moved, which nobody is told of; the row keeps its position. */
export async function writeSource(tx: Transaction, source: SourceState, position: bigint | null): Promise<void> {
  const json = storable(source);
  await tx.$executeRaw`
    INSERT INTO source_state (key, state, position, updated_at) VALUES (${source.key}, ${json}::jsonb, coalesce(${position}::bigint, 0), clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET state = EXCLUDED.state, position = coalesce(${position}::bigint, source_state.position), updated_at = EXCLUDED.updated_at`;
}

/** Removes rows of environments and Big Pods that are no longer configured, and of sources nobody watches any more. */
export async function removeUnconfigured(tx: Transaction, configured: { environments: readonly string[]; bigPods: readonly string[] }): Promise<void> {
  const elsewhere = { OR: [{ environment: { notIn: [...configured.environments] } }, { bigPod: { notIn: [...configured.bigPods] } }] };
  await tx.bigPodStateRow.deleteMany({ where: elsewhere });
  await tx.driftRow.deleteMany({ where: elsewhere });
  await tx.appliedStateRow.deleteMany({ where: elsewhere });
  await tx.environmentRelease.deleteMany({ where: { environment: { notIn: [...configured.environments] } } });
  const sources = await tx.sourceRow.findMany();
  const gone = sources.filter((row) => {
    const [source] = parsed(sourceStateSchema, row.state);
    return source === undefined || (source.environment !== null && !configured.environments.includes(source.environment));
  });
  if (gone.length > 0) await tx.sourceRow.deleteMany({ where: { key: { in: gone.map((row) => row.key) } } });
}

export async function readStates(db: Database | Transaction, where: Prisma.BigPodStateRowWhereInput = {}): Promise<PositionedState[]> {
  const rows = await db.bigPodStateRow.findMany({ where });
  return rows.flatMap((row) => parsed(bigPodStateSchema, row.state).map((state) => ({ state, position: Number(row.position) })));
}

/** How every Big Pod is, without its pods and services: what is looked at every second. */
export async function readHealthFacts(db: Database): Promise<HealthFact[]> {
  return db.$queryRaw<HealthFact[]>`SELECT environment, big_pod AS "bigPod", status, since, state->>'cause' AS cause FROM big_pod_state`;
}

export async function readSources(db: Database | Transaction, where: Prisma.SourceRowWhereInput = {}): Promise<PositionedSource[]> {
  const rows = await db.sourceRow.findMany({ where, orderBy: { key: "asc" } });
  return rows.flatMap((row) => parsed(sourceStateSchema, row.state).map((source) => ({ source, position: Number(row.position) })));
}

/** Position of every stored state ("environment/bigPod") and source (its key): what a writer compares with what it believes to be stored. */
export async function readStoredPositions(db: Database | Transaction): Promise<{ states: Map<string, bigint>; sources: Map<string, bigint> }> {
  const rows = await db.$queryRaw<{ what: string; key: string; position: bigint }[]>`
    SELECT 'state' AS what, environment || '/' || big_pod AS key, position FROM big_pod_state UNION ALL SELECT 'source', key, position FROM source_state`;
  const of = (what: string): Map<string, bigint> => new Map(rows.filter((row) => row.what === what).map((row) => [row.key, row.position]));
  return { states: of("state"), sources: of("source") };
}

/** Newest position that was handed out and committed. */
export async function readPosition(db: Database | Transaction): Promise<number> {
  const rows = await db.$queryRaw<{ position: bigint }[]>`SELECT position FROM stream_clock`;
  return Number(rows[0]?.position ?? 0n);
}

/** Heartbeat of the newest holder of the observer's lease, and the time, both by the database's clock. */
export async function readHeartbeat(db: Database | Transaction): Promise<{ workerSeenAt: Date | null; now: Date }> {
  const rows = await db.$queryRaw<{ seen: Date | null; now: Date }[]>`
    SELECT clock_timestamp()::timestamptz(3) AS now, (SELECT max(heartbeat_at) FROM lease WHERE name = 'observer' AND epoch > 0) AS seen`;
  const row = rows[0];
  if (!row) throw new Error("The heartbeat query returned no row");
  return { workerSeenAt: row.seen, now: row.now };
}

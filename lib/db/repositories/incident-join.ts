import type { IncidentRow, SignalRow } from "#lib/db/generated/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { severities } from "#lib/domain/incident-status.ts";

/** What the engine of incidents reads and writes. */

/**
 * Serialises everything that decides about the incidents of an environment. Held until the transaction ends; taken first in it (after the lock of the
 * environment's operations, where both are needed), before rows, the audit log and the stream clock.
 */
export async function lockIncidents(tx: Transaction, environment: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`incidents of ${environment}`}, 0))`;
}

/** Environments (null: none named) of signals that no incident has been told of, oldest first. */
export async function environmentsUntold(db: Database): Promise<(string | null)[]> {
  const rows = await db.$queryRaw<{ environment: string | null }[]>`SELECT environment FROM signal WHERE NOT handled GROUP BY environment ORDER BY min(received_at)`;
  return rows.map((row) => row.environment);
}

/**
 * Locks up to `limit` untold signals of some environments, in the order they were heard of. Those that somebody writes at this moment are passed over: their
 * writer tells when it is done, and nobody waits for anybody.
 */
export async function takeUntold(tx: Transaction, environments: readonly (string | null)[], limit: number): Promise<SignalRow[]> {
  const named = environments.filter((environment) => environment !== null);
  const ids = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM signal WHERE NOT handled AND (environment = ANY (${named}) OR ${environments.includes(null)} AND environment IS NULL)
    ORDER BY received_at, id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  if (ids.length === 0) return [];
  return tx.signalRow.findMany({ where: { id: { in: ids.map((row) => row.id) } }, orderBy: [{ receivedAt: "asc" }, { id: "asc" }] });
}

/** Incidents that a signal of an environment may join: open ones, those that ended after `endedAfter`, what was merged into either, and those named. */
export async function readJoinable(tx: Transaction, environment: string, endedAfter: Date, named: readonly string[]): Promise<IncidentRow[]> {
  const live = await tx.incidentRow.findMany({
    where: { OR: [{ environment, status: { in: ["open", "acknowledged"] } }, { environment, status: "resolved", resolvedAt: { gte: endedAfter } }, { id: { in: [...named] } }] },
  });
  const merged = await tx.incidentRow.findMany({ where: { status: "merged", mergedInto: { in: live.map((row) => row.id) } } });
  return [...live, ...merged.filter((row) => !live.some((other) => other.id === row.id))];
}

/** Says of signals that their incidents know them; `homes`: incident of each, where it has one. */
export async function markTold(tx: Transaction, signals: readonly string[], homes: ReadonlyMap<string, string>): Promise<void> {
  await tx.$executeRaw`
    UPDATE signal SET handled = true, incident_id = coalesce(told.incident, signal.incident_id)
    FROM unnest(${[...signals]}::text[], ${signals.map((id) => homes.get(id) ?? "")}::text[]) AS given(id, home), LATERAL (SELECT nullif(given.home, '') AS incident) AS told
    WHERE signal.id = given.id`;
}

/**
 * Counts the signals of incidents anew, and notes since when none fires: the end of the last one, which may lie before it was heard of.
 * An incident without signals keeps what it has.
 */
export async function recount(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE incident SET signals = counted.signals, firing = counted.firing,
      quiet_since = CASE WHEN counted.firing > 0 THEN NULL ELSE least(coalesce(counted.ended, clock_timestamp()), clock_timestamp()) END
    FROM (SELECT incident_id, count(*)::int AS signals, (count(*) FILTER (WHERE state = 'firing'))::int AS firing, max(ended_at) AS ended FROM signal WHERE incident_id = ANY (${[...ids]}) GROUP BY incident_id) AS counted
    WHERE incident.id = counted.incident_id`;
}

/** Signals that may give an incident its title: those that say most, see titleOf. */
export async function readTitleSignals(tx: Transaction, incidentId: string): Promise<SignalRow[]> {
  const ids = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM signal WHERE incident_id = ${incidentId} AND state <> 'pending'
    ORDER BY array_position(ARRAY['blind','health','alert','operation'], kind), state <> 'firing', array_position(${[...severities]}::text[], severity), onset_at LIMIT 3`;
  return tx.signalRow.findMany({ where: { id: { in: ids.map((row) => row.id) } } });
}

/** Keys of the silences that were first seen on these signals, by signal. */
export async function readSilenceKeys(tx: Transaction, signals: readonly { id: string; incidentId: string }[]): Promise<{ key: string; incidentId: string; signalId: string }[]> {
  if (signals.length === 0) return [];
  const rows = await tx.$queryRaw<{ key: string; incident_id: string; signal_id: string }[]>`
    SELECT key, incident_id, data ->> 'signalId' AS signal_id FROM incident_entry
    WHERE kind = 'silence' AND incident_id = ANY (${[...new Set(signals.map((signal) => signal.incidentId))]}) AND data ->> 'signalId' = ANY (${signals.map((signal) => signal.id)})`;
  return rows.map((row) => ({ key: row.key, incidentId: row.incident_id, signalId: row.signal_id }));
}

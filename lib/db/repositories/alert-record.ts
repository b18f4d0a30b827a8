import { z } from "zod";
import { signalSchema } from "#lib/contracts/incident.ts";
import { signalChannel } from "#lib/db/channels.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { SignalRow } from "#lib/db/generated/client.ts";
import { severities, signalStates } from "#lib/domain/incident-status.ts";
import type { HeardResult } from "#lib/domain/signal-occurrence.ts";
import type { AlertRecord } from "#lib/domain/signal-record.ts";

/** Ended occurrences this young may still be told of by a slower way. */
const lateMinutes = 15;
const mostEnded = 3_000;
/** Of each label set, so many ended occurrences are looked at besides. */
const perFingerprint = 3;

const texts = z.record(z.string(), z.string());
const ways = signalSchema.shape.ways;
const silence = signalSchema.shape.silence;

/** In the order of their names, as they are heard: jsonb has its own. */
function sorted(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(texts.parse(value)).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

export function toAlertRecord(row: SignalRow): AlertRecord {
  return {
    id: row.id, key: row.key, title: row.title, detail: row.detail, environment: row.environment, bigPod: row.bigPod, service: row.service,
    severity: z.enum(severities).parse(row.severity), state: z.enum(signalStates).parse(row.state),
    onsetAt: row.onsetAt, startsAt: row.startsAt, endedAt: row.endedAt, seenAt: row.seenAt,
    labels: sorted(row.labels), annotations: sorted(row.annotations), ways: ways.parse(row.ways), silence: silence.parse(row.silence),
    link: row.link, fingerprint: row.fingerprint ?? "", fingerprints: row.fingerprints,
  };
}

/**
 * Those who write alerts do it one after the other, over all processes: whether an occurrence is new is decided by reading first. Held until the transaction ends,
 * taken before anything else. Returns database time.
 */
export async function lockAlerts(tx: Transaction): Promise<Date> {
  await tx.$queryRaw`SELECT 1 AS locked FROM (SELECT pg_advisory_xact_lock(72707370)) taken`;
  const rows = await tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp()::timestamptz(3) AS now`;
  return rows[0]?.now ?? new Date(Number.NaN);
}

/** What `hearAlerts` needs to know: live alerts, those that ended lately, and of the given label sets a few older ones. */
export async function knownAlerts(tx: Transaction, fingerprints: readonly string[]): Promise<AlertRecord[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM signal WHERE kind = 'alert' AND state <> 'ended'
    UNION (SELECT id FROM signal WHERE kind = 'alert' AND state = 'ended' AND ended_at > clock_timestamp() - make_interval(mins => ${lateMinutes}::int) ORDER BY ended_at DESC LIMIT ${mostEnded}::int)
    UNION SELECT older.id FROM unnest(${[...new Set(fingerprints)]}::text[]) AS asked(fingerprint),
      LATERAL (SELECT id FROM signal WHERE kind = 'alert' AND fingerprints @> ARRAY[asked.fingerprint] ORDER BY onset_at DESC LIMIT ${perFingerprint}::int) older`;
  const found = await tx.signalRow.findMany({ where: { id: { in: rows.map((row) => row.id) } } });
  return found.map(toAlertRecord);
}

/**
 * Writes what `hearAlerts` found out, in two statements however much it is, and tells the incidents when something that matters moved.
 * One that has not ended after all fires anew for them, and leaves an incident that is over: it would not be seen there.
 */
export async function saveAlerts(tx: Transaction, { added, moved, refreshed }: Omit<HeardResult, "ids">): Promise<void> {
  if (added.length > 0) {
    await tx.$executeRaw`
      INSERT INTO signal (id, key, kind, title, detail, environment, big_pod, service, severity, state, onset_at, received_at, seen_at, ended_at, labels, annotations, ways, silence, link, fingerprint, starts_at, fingerprints)
      SELECT id, key, 'alert', title, detail, environment, big_pod, service, severity, state, onset_at, clock_timestamp(), seen_at, ended_at, labels, annotations, ways, silence, link, fingerprint, starts_at, fingerprints
      FROM jsonb_to_recordset(${JSON.stringify(added.map(toColumns))}::jsonb) AS given(id text, key text, title text, detail text, environment text, big_pod text, service text, severity text, state text,
        onset_at timestamptz, seen_at timestamptz, ended_at timestamptz, labels jsonb, annotations jsonb, ways text[], silence jsonb, link text, fingerprint text, starts_at timestamptz, fingerprints text[])
      ON CONFLICT (key) DO NOTHING`;
  }
  const changed = [...moved.map((record) => ({ ...toColumns(record), matters: true })), ...refreshed.map((record) => ({ ...toColumns(record), matters: false }))];
  if (changed.length > 0) {
    await tx.$executeRaw`
      UPDATE signal SET title = given.title, detail = given.detail, environment = given.environment, big_pod = given.big_pod, service = given.service, severity = given.severity, state = given.state,
        onset_at = given.onset_at, seen_at = given.seen_at, ended_at = given.ended_at, labels = given.labels, annotations = given.annotations, ways = given.ways, silence = given.silence, link = given.link,
        fingerprint = given.fingerprint, starts_at = given.starts_at, fingerprints = given.fingerprints, handled = signal.handled AND NOT given.matters,
        fired_at = CASE WHEN signal.state = 'ended' AND given.state <> 'ended' THEN NULL ELSE signal.fired_at END,
        incident_id = CASE WHEN signal.state = 'ended' AND given.state <> 'ended' AND EXISTS (SELECT 1 FROM incident WHERE incident.id = signal.incident_id AND incident.status NOT IN ('open', 'acknowledged')) THEN NULL ELSE signal.incident_id END
      FROM jsonb_to_recordset(${JSON.stringify(changed)}::jsonb) AS given(id text, title text, detail text, environment text, big_pod text, service text, severity text, state text,
        onset_at timestamptz, seen_at timestamptz, ended_at timestamptz, labels jsonb, annotations jsonb, ways text[], silence jsonb, link text, fingerprint text, starts_at timestamptz, fingerprints text[], matters boolean)
      WHERE signal.id = given.id`;
  }
  if (added.length + moved.length > 0) await tx.$executeRaw`SELECT pg_notify(${signalChannel}, '')`;
}

/** Pending alerts that went away before they fired: nothing happened. Those that an incident knows stay. */
export async function forgetPending(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.$executeRaw`DELETE FROM signal WHERE id = ANY(${[...ids]}::text[]) AND state = 'pending' AND incident_id IS NULL`;
}

function toColumns(record: AlertRecord): Record<string, unknown> {
  // A member that is JSON null becomes SQL NULL in a recordset, for jsonb columns too.
  return {
    id: record.id, key: record.key, title: record.title, detail: record.detail, environment: record.environment, big_pod: record.bigPod, service: record.service, severity: record.severity, state: record.state,
    onset_at: record.onsetAt, seen_at: record.seenAt, ended_at: record.endedAt, labels: record.labels, annotations: record.annotations, ways: record.ways, silence: record.silence, link: record.link,
    fingerprint: record.fingerprint, starts_at: record.startsAt, fingerprints: record.fingerprints,
  };
}

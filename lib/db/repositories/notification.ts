import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { publishIncidents } from "#lib/db/repositories/incident.ts";
import { longestMs, mostAttempts } from "#lib/domain/notification.ts";
import type { NotificationKind } from "#lib/domain/notification.ts";

/** A notification that this process alone may send, until its claim runs out. */
export interface ClaimedNotification {
  id: string;
  channel: string;
  incidentId: string | null;
  kind: NotificationKind;
  payload: unknown;
  createdAt: Date;
  /** This attempt counted. */
  attempts: number;
}

const vigie = { kind: "system" as const, id: "vigie", name: "Vigie" };

/**
 * Claims the oldest notification of the channel that is due. Of one incident only the oldest that is untold can be claimed, so that they arrive in order; while it
 * is retried, those of other incidents go on. Null when nothing is due, or the channel asked to be left alone.
 */
export async function claimNotification(db: Database, channel: string, claimMs: number): Promise<ClaimedNotification | null> {
  const rows = await db.$queryRaw<ClaimedNotification[]>`
    UPDATE notification SET claimed_until = clock_timestamp() + ${claimMs} * interval '1 millisecond', attempts = attempts + 1
    WHERE id = (
      SELECT n.id FROM notification n
      WHERE n.channel = ${channel} AND n.sent_at IS NULL AND n.dead_at IS NULL AND n.due_at <= clock_timestamp() AND coalesce(n.claimed_until <= clock_timestamp(), true)
        AND NOT EXISTS (SELECT 1 FROM notification_channel c WHERE c.channel = n.channel AND c.not_before > clock_timestamp())
        AND NOT EXISTS (SELECT 1 FROM notification e WHERE e.channel = n.channel AND e.incident_id = n.incident_id AND e.sent_at IS NULL AND e.dead_at IS NULL AND e.sequence < n.sequence)
      ORDER BY n.sequence LIMIT 1 FOR UPDATE OF n SKIP LOCKED)
    RETURNING id, channel, incident_id AS "incidentId", kind, payload, created_at AS "createdAt", attempts`;
  return rows[0] ?? null;
}

/** Untold notifications of the same incident that came after a claimed one, oldest first: nobody else can claim them meanwhile. */
export async function followersOf(db: Database, claimed: ClaimedNotification): Promise<Pick<ClaimedNotification, "id" | "kind" | "payload">[]> {
  if (claimed.incidentId === null) return [];
  return db.$queryRaw<Pick<ClaimedNotification, "id" | "kind" | "payload">[]>`
    SELECT id, kind, payload FROM notification
    WHERE channel = ${claimed.channel} AND incident_id = ${claimed.incidentId} AND sent_at IS NULL AND dead_at IS NULL AND sequence > (SELECT sequence FROM notification WHERE id = ${claimed.id})
    ORDER BY sequence LIMIT 100`;
}

/** The newest news of a claimed one's incident on its channel, told or not: what an updated message has to say, also when an old dead letter is sent again. */
export async function newestOf(db: Database, { channel, incidentId }: ClaimedNotification): Promise<Pick<ClaimedNotification, "id" | "kind" | "payload"> | null> {
  if (incidentId === null) return null;
  const rows = await db.$queryRaw<Pick<ClaimedNotification, "id" | "kind" | "payload">[]>`SELECT id, kind, payload FROM notification WHERE channel = ${channel} AND incident_id = ${incidentId} ORDER BY sequence DESC LIMIT 1`;
  return rows[0] ?? null;
}

export async function threadOf(db: Database, channel: string, incidentId: string | null): Promise<string | null> {
  if (incidentId === null) return null;
  return (await db.notificationThreadRow.findUnique({ where: { channel_incidentId: { channel, incidentId } } }))?.externalId ?? null;
}

/** Writes down that a message arrived, and which notifications it told. Once: what another process recorded meanwhile stays. */
export async function recordSent(db: Database, claimed: ClaimedNotification, sent: { ids: readonly string[]; thread: string | null; paceMs: number; title: string }): Promise<void> {
  const { channel, incidentId } = claimed;
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`UPDATE notification SET sent_at = clock_timestamp(), claimed_until = NULL WHERE id = ANY (${[...sent.ids]}) AND sent_at IS NULL`;
    if (incidentId !== null && sent.thread !== null) {
      await tx.$executeRaw`INSERT INTO notification_thread (channel, incident_id, external_id) VALUES (${channel}, ${incidentId}, ${sent.thread}) ON CONFLICT (channel, incident_id) DO UPDATE SET external_id = excluded.external_id`;
    }
    await tx.$executeRaw`
      INSERT INTO notification_channel (channel, last_sent_at, not_before) VALUES (${channel}, clock_timestamp(), clock_timestamp() + ${sent.paceMs} * interval '1 millisecond')
      ON CONFLICT (channel) DO UPDATE SET last_sent_at = excluded.last_sent_at, failing_since = NULL, not_before = greatest(notification_channel.not_before, excluded.not_before)`;
    if (incidentId !== null) await tell(tx, incidentId, { key: `notification:${claimed.id}`, title: sent.title, detail: null });
  });
}

export interface FailedAttempt {
  sentence: string;
  permanent: boolean;
  /** The channel asked to be left alone this long: nothing of it is sent meanwhile, and the attempt does not count. */
  retryAfterMs: number | null;
  delayMs: number;
}

/** Writes down that a message did not arrive: tried again later, or a dead letter. Resolves with whether it is dead now. */
export async function recordFailed(db: Database, claimed: ClaimedNotification, failed: FailedAttempt): Promise<boolean> {
  const { id, channel, createdAt, attempts } = claimed;
  const sentence = failed.sentence.slice(0, 500);
  const patient = failed.retryAfterMs !== null;
  return db.$transaction(async (tx) => {
    const notBefore = failed.retryAfterMs ?? 0;
    await tx.$executeRaw`
      INSERT INTO notification_channel (channel, last_error, last_error_at, failing_since, not_before)
      VALUES (${channel}, ${sentence}, clock_timestamp(), clock_timestamp(), clock_timestamp() + ${notBefore} * interval '1 millisecond')
      ON CONFLICT (channel) DO UPDATE SET last_error = excluded.last_error, last_error_at = excluded.last_error_at,
        failing_since = coalesce(notification_channel.failing_since, excluded.failing_since), not_before = greatest(notification_channel.not_before, excluded.not_before)`;
    const tooOld = (await databaseNow(tx)).getTime() - createdAt.getTime() > longestMs;
    if (failed.permanent || tooOld || (!patient && attempts >= mostAttempts)) return bury(tx, claimed, sentence);
    await tx.$executeRaw`
      UPDATE notification SET claimed_until = NULL, last_error = ${sentence}, attempts = attempts - ${patient ? 1 : 0},
        due_at = clock_timestamp() + ${failed.retryAfterMs ?? failed.delayMs} * interval '1 millisecond' WHERE id = ${id} AND sent_at IS NULL`;
    return false;
  });
}

/** Gives a notification up: a dead letter, in the audit log and in the incident's timeline. False when it had ended otherwise meanwhile. */
export async function bury(tx: Transaction, { id, channel, incidentId, attempts }: Pick<ClaimedNotification, "id" | "channel" | "incidentId" | "attempts">, sentence: string): Promise<boolean> {
  const buried = await tx.$executeRaw`UPDATE notification SET dead_at = clock_timestamp(), claimed_until = NULL, last_error = ${sentence} WHERE id = ${id} AND sent_at IS NULL AND dead_at IS NULL`;
  if (buried === 0) return false;
  const incident = incidentId === null ? null : await tx.incidentRow.findUnique({ where: { id: incidentId }, select: { number: true, environment: true, bigPod: true } });
  const what = incident === null ? "a test" : `incident #${incident.number}`;
  await appendAudit(tx, {
    action: "notification.dead", outcome: "failed", actor: vigie, environment: incident?.environment ?? null, bigPods: incident?.bigPod == null ? [] : [incident.bigPod], operationId: null,
    summary: `${channel} could not be told of ${what}: ${sentence}`, reason: null, before: null, after: { notification: id, channel, attempts },
  });
  if (incidentId !== null) await tell(tx, incidentId, { key: `notification:${id}:dead:${attempts}`, title: `${channel} could not be told`, detail: sentence });
  return true;
}

async function tell(tx: Transaction, incidentId: string, entry: { key: string; title: string; detail: string | null }): Promise<void> {
  const added = await appendEntry(tx, { incidentId, ...entry, at: await databaseNow(tx), kind: "notification" });
  if (added) await publishIncidents(tx, [incidentId]);
}

/** By channel: what waits, and dead letters. */
export async function countUntold(db: Database): Promise<Map<string, { waiting: number; dead: number }>> {
  const rows = await db.$queryRaw<{ channel: string; waiting: number; dead: number }[]>`
    SELECT channel, count(*) FILTER (WHERE dead_at IS NULL)::integer AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL)::integer AS dead FROM notification WHERE sent_at IS NULL GROUP BY channel`;
  return new Map(rows.map(({ channel, ...counts }) => [channel, counts]));
}

/** Tests of channels that are a month old; what belongs to an incident goes with it. */
export async function forgetOldTests(db: Database): Promise<void> {
  await db.$executeRaw`DELETE FROM notification WHERE incident_id IS NULL AND created_at < clock_timestamp() - interval '30 days'`;
}

/** What waits on channels that are configured no longer, once it has waited an hour: a worker with an older configuration may still know them. */
export async function orphans(db: Database, configured: readonly string[]): Promise<Pick<ClaimedNotification, "id" | "channel" | "incidentId" | "attempts">[]> {
  const before = new Date((await databaseNow(db)).getTime() - 3_600_000);
  return db.notificationRow.findMany({ where: { sentAt: null, deadAt: null, channel: { notIn: [...configured] }, createdAt: { lt: before } }, select: { id: true, channel: true, incidentId: true, attempts: true }, take: 100 });
}

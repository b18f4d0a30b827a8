import { randomUUID } from "node:crypto";
import { databaseNow } from "#lib/db/client.ts";
import { forgetPending, knownAlerts, lockAlerts, saveAlerts } from "#lib/db/repositories/alert-record.ts";
import { absentFrom, alertsOfLook } from "#lib/domain/signal-look.ts";
import { hearAlerts } from "#lib/domain/signal-occurrence.ts";
import type { AlertRecord } from "#lib/domain/signal-record.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { Asker } from "#lib/worker/incidents/signals/ask.ts";
import type { WatchPoint } from "#lib/worker/incidents/signals/points.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** Looks in which a live record was missing at one watch point. */
interface Missing {
  looks: number;
  /** Database time when the first of them began. */
  since: Date;
}

/** By record, then by watch point: alerts of no environment must be missing at all of them. */
export type Misses = Map<string, Map<WatchPoint, Missing>>;

const looksToEnd = 2;
const patience = { maxWait: 5_000, timeout: 20_000 };

/** One look at a watch point: what fires is recorded, what is gone for the second time in a row has ended when it was first missed. */
export async function lookAtAlerts({ context, point, points, asker, misses, token }: { context: ServiceContext; point: WatchPoint; points: readonly WatchPoint[]; asker: Asker; misses: Misses; token: LeaseToken }): Promise<void> {
  const { db, config } = context;
  const askedAt = await databaseNow(db);
  const answers = await asker.ask();
  if (answers.prometheus === null && answers.alertmanager === null) return;
  const [first] = point.environments;
  const only = point.environments.length === 1 && first !== undefined ? first : null;
  const heard = alertsOfLook(answers, { config, alerting: config.alerting, only }, askedAt);
  await db.$transaction(async (tx) => {
    await assertLease(tx, token);
    const now = await lockAlerts(tx);
    const known = await knownAlerts(tx, heard.flatMap((alert) => alert.fingerprints));
    const result = hearAlerts(known, heard, now, randomUUID);
    const changed = new Map([...result.added, ...result.moved, ...result.refreshed].map((record) => [record.id, record]));
    const mine = known.map((record) => changed.get(record.id) ?? record).filter((record) => record.environment === null || point.environments.includes(record.environment));
    const absent = new Set(absentFrom(mine, answers, new Set(result.ids), config.alerting.watchdog?.alert));
    const over = mine.filter((record) => isOver(record, absent.has(record)));
    await forgetPending(tx, over.filter((record) => record.state === "pending").map((record) => record.id));
    const ended = over.filter((record) => record.state === "firing").map((record): AlertRecord => ({ ...record, state: "ended", endedAt: laterOf(record.onsetAt, misses.get(record.id)?.get(point)?.since ?? now), silence: null, seenAt: now }));
    const endedIds = new Set(ended.map((record) => record.id));
    const rest = (records: readonly AlertRecord[]): AlertRecord[] => records.filter((record) => !endedIds.has(record.id));
    await saveAlerts(tx, { added: result.added, moved: [...rest(result.moved), ...ended], refreshed: rest(result.refreshed) });
  }, patience);

  function isOver(record: AlertRecord, isAbsent: boolean): boolean {
    const places = misses.get(record.id) ?? new Map<WatchPoint, Missing>();
    const before = places.get(point);
    if (isAbsent) misses.set(record.id, places.set(point, { looks: (before?.looks ?? 0) + 1, since: before?.since ?? askedAt }));
    else if (places.delete(point) && places.size === 0) misses.delete(record.id);
    const asked = record.environment === null ? points : [point];
    return isAbsent && asked.every((one) => (places.get(one)?.looks ?? 0) >= looksToEnd);
  }
}

function laterOf(left: Date, right: Date): Date {
  return left > right ? left : right;
}

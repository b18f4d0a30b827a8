import { createLabelIndex } from "#lib/domain/signal-fingerprint.ts";
import type { LabelIndex } from "#lib/domain/signal-fingerprint.ts";
import type { AlertRecord, HeardAlert } from "#lib/domain/signal-record.ts";

/** Times of two systems of one occurrence differ by rounding only. */
const roundingMs = 1_000;
/** Two Prometheus servers that evaluate the same rules see the same thing begin at most so far apart. */
const twinsMs = 60_000;
/** An end that was recorded so shortly before may still be on its way to who says otherwise. */
const endGraceMs = 5_000;
/** Annotations carry values that change at each evaluation; they are kept fresh, not followed. */
const annotationsEveryMs = 60_000;

export interface HeardResult {
  /** Not known before. */
  added: AlertRecord[];
  /** Something that matters moved. */
  moved: AlertRecord[];
  /** Only texts moved. */
  refreshed: AlertRecord[];
  /** Which record each of what was heard belongs to, in order. */
  ids: string[];
}

/**
 * Joins what was heard with the occurrences that are known (live ones, and those that ended lately). An occurrence is the same label set in the same
 * environment from one start to one end: occurrences of one label set never overlap. `activeAt` ≤ `startsAt` of the same occurrence, both stay as they are while
 * it lasts, so that any way in any order finds the same record; see docs/signals.md. `now` is database time.
 */
export function hearAlerts(known: readonly AlertRecord[], heard: readonly HeardAlert[], now: Date, newId: () => string): HeardResult {
  const records = new Map(known.map((record) => [record.id, record]));
  const before = new Map(records);
  const byFingerprint = new Map<string, Set<string>>();
  const remember = (record: AlertRecord): void => {
    records.set(record.id, record);
    for (const fingerprint of record.fingerprints) byFingerprint.set(fingerprint, (byFingerprint.get(fingerprint) ?? new Set()).add(record.id));
  };
  known.forEach(remember);
  const index = createLabelIndex(known, (record) => record.labels);

  const ids = heard.map((alert) => {
    const exact = [...new Set(alert.fingerprints.flatMap((fingerprint) => [...(byFingerprint.get(fingerprint) ?? [])]))].flatMap((id) => records.get(id) ?? []);
    const candidates = (exact.length > 0 ? exact : related(alert, index, records)).filter((record) => sameEnvironment(record, alert)).toSorted((left, right) => right.onsetAt.getTime() - left.onsetAt.getTime());
    const same = candidates.find((record) => hasSameStart(record, alert)) ?? candidates.find((record) => isSame(record, alert));
    if (same !== undefined) {
      remember(joined(same, alert, now));
      return same.id;
    }
    const [newest] = candidates;
    // It began again, and nobody told us of the end in between.
    if (newest !== undefined && newest.state !== "ended" && startOf(alert) > newest.onsetAt.getTime()) remember({ ...newest, state: "ended", endedAt: new Date(startOf(alert)), silence: null, seenAt: now });
    const successor = candidates.toReversed().find((record) => record.onsetAt.getTime() > startOf(alert));
    const record = created(alert, newId(), successor === undefined ? null : successor.onsetAt, now);
    remember(record);
    return record.id;
  });

  const result: HeardResult = { added: [], moved: [], refreshed: [], ids };
  for (const record of records.values()) {
    const old = before.get(record.id);
    if (old === undefined) result.added.push(record);
    else if (old !== record) (matters(old, record) ? result.moved : result.refreshed).push(record);
  }
  return result;
}

function startOf(alert: HeardAlert): number {
  const starts = [alert.activeAt, alert.startsAt].flatMap((at) => (at === null ? [] : [at.getTime()]));
  return Math.min(...starts);
}

const fromPrometheus = (ways: AlertRecord["ways"]): boolean => ways.includes("prometheus");
const fromAlertmanager = (ways: AlertRecord["ways"]): boolean => ways.includes("alertmanager") || ways.includes("webhook");

/** Prometheus adds external labels only to what it sends: without an equal label set, one that holds the other is meant, and only across the two. */
function related(alert: HeardAlert, index: LabelIndex<AlertRecord>, records: ReadonlyMap<string, AlertRecord>): AlertRecord[] {
  const current = (found: readonly AlertRecord[]): AlertRecord[] => found.flatMap((record) => records.get(record.id) ?? []);
  if (!fromAlertmanager(alert.ways)) return current(index.around(alert.labels)).filter((record) => !fromPrometheus(record.ways));
  if (!fromPrometheus(alert.ways)) return current(index.within(alert.labels)).filter((record) => !fromAlertmanager(record.ways));
  return current([...index.around(alert.labels), ...index.within(alert.labels)]).filter((record) => !fromAlertmanager(record.ways));
}

function sameEnvironment(record: AlertRecord, alert: HeardAlert): boolean {
  return record.environment === null || alert.environment === null || record.environment === alert.environment;
}

function hasSameStart(record: AlertRecord, alert: HeardAlert): boolean {
  if (alert.startsAt !== null && record.startsAt?.getTime() === alert.startsAt.getTime()) return true;
  return alert.activeAt !== null && fromPrometheus(record.ways) && record.onsetAt.getTime() === alert.activeAt.getTime();
}

function isSame(record: AlertRecord, alert: HeardAlert): boolean {
  const start = startOf(alert);
  const end = alert.state === "ended" ? (alert.endsAt?.getTime() ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  const onset = record.onsetAt.getTime();
  if (end < onset - roundingMs) return false;
  // Nobody fires before Prometheus says that it began.
  if (alert.activeAt === null && fromPrometheus(record.ways) && start < onset - roundingMs) return false;
  const live = record.state !== "ended";
  const toleranceMs = alert.activeAt !== null && live ? twinsMs : roundingMs;
  if (start <= latestStart(record, alert) + toleranceMs) return true;
  // Alertmanager and Prometheus were both restarted, or the end was missed: Prometheus says which, at the next look at it.
  return live && alert.activeAt === null && fromPrometheus(record.ways) && record.startsAt !== null;
}

/** The latest moment at which what is told may say that this occurrence began. */
function latestStart(record: AlertRecord, alert: HeardAlert): number {
  if (record.startsAt !== null) return Math.max(record.startsAt.getTime(), record.onsetAt.getTime());
  if (alert.activeAt !== null) return record.onsetAt.getTime();
  return record.endedAt?.getTime() ?? Number.POSITIVE_INFINITY;
}

function earlier(left: Date, right: Date | null): Date {
  return right !== null && right < left ? right : left;
}

function created(alert: HeardAlert, id: string, before: Date | null, now: Date): AlertRecord {
  const onsetAt = new Date(startOf(alert));
  const fingerprint = alert.fingerprints[0] ?? "";
  // Told late of one that was followed by another: it must have ended by then.
  const over = alert.state === "ended" || before !== null;
  return {
    id,
    key: `alert:${fingerprint}:${alert.environment ?? ""}:${onsetAt.toISOString()}`,
    title: alert.title,
    detail: alert.detail,
    environment: alert.environment,
    bigPod: alert.bigPod,
    service: alert.service,
    severity: alert.severity,
    state: over ? "ended" : alert.state,
    onsetAt,
    startsAt: alert.startsAt,
    endedAt: over ? (alert.endsAt ?? before ?? now) : null,
    seenAt: now,
    labels: alert.labels,
    annotations: alert.annotations,
    ways: alert.ways,
    silence: over ? null : (alert.silence ?? null),
    link: alert.link,
    fingerprint,
    fingerprints: alert.fingerprints,
  };
}

function joined(record: AlertRecord, alert: HeardAlert, now: Date): AlertRecord {
  const full = fromAlertmanager(alert.ways) && !fromAlertmanager(record.ways);
  const news = alert.ways.some((way) => !record.ways.includes(way));
  const texts = news || now.getTime() - record.seenAt.getTime() >= annotationsEveryMs;
  // A later start of Alertmanager's is not believed while Prometheus was heard: see isSame.
  const startsAt = record.startsAt === null ? alert.startsAt : earlier(record.startsAt, alert.startsAt);
  const next: AlertRecord = {
    ...record,
    ...stateAfter(record, alert, now),
    onsetAt: earlier(earlier(record.onsetAt, alert.activeAt), alert.startsAt),
    startsAt,
    environment: record.environment ?? alert.environment,
    bigPod: record.bigPod ?? alert.bigPod,
    service: record.service ?? alert.service,
    ...(full && { labels: alert.labels, fingerprint: alert.fingerprints[0] ?? record.fingerprint }),
    ...(texts && alert.state !== "ended" && { annotations: alert.annotations, detail: alert.detail }),
    ways: [...new Set([...record.ways, ...alert.ways])],
    fingerprints: [...new Set([...record.fingerprints, ...alert.fingerprints])],
    link: record.link ?? alert.link,
  };
  // A silence that was made after Alertmanager was asked is not in its answer yet.
  const older = alert.silence === undefined || (alert.surelyAt !== null && record.silence !== null && alert.surelyAt < record.seenAt);
  next.silence = next.state === "ended" ? null : older ? record.silence : (alert.silence ?? null);
  return isEqual(record, next) ? record : { ...next, seenAt: now };
}

/** Ended stays ended, unless who knows best says, well after the end was recorded, that it still is. */
function stateAfter(record: AlertRecord, alert: HeardAlert, now: Date): Pick<AlertRecord, "state" | "endedAt"> {
  if (record.state === "ended") {
    const denied = alert.state !== "ended" && alert.surelyAt !== null && alert.surelyAt.getTime() > record.seenAt.getTime() + endGraceMs && !(alert.notInPrometheus && fromPrometheus(record.ways));
    return denied ? { state: alert.state, endedAt: null } : { state: "ended", endedAt: record.endedAt };
  }
  if (alert.state === "ended") return { state: "ended", endedAt: alert.endsAt ?? now };
  return { state: record.state === "firing" ? "firing" : alert.state, endedAt: null };
}

function comparable({ seenAt: _seenAt, ...record }: AlertRecord): string {
  return JSON.stringify(record);
}

function isEqual(left: AlertRecord, right: AlertRecord): boolean {
  return comparable(left) === comparable(right);
}

/** Texts that change at each evaluation are no news. */
function matters(old: AlertRecord, record: AlertRecord): boolean {
  const plain = ({ annotations: _annotations, detail: _detail, seenAt: _seenAt, fingerprints: _fingerprints, ...rest }: AlertRecord): string => JSON.stringify(rest);
  return plain(old) !== plain(record);
}

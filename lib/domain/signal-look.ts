import { heardAlert } from "#lib/domain/signal-alert.ts";
import type { AlertContext } from "#lib/domain/signal-alert.ts";
import { createLabelIndex, fingerprintOf } from "#lib/domain/signal-fingerprint.ts";
import type { Labels } from "#lib/domain/signal-fingerprint.ts";
import type { AlertRecord, HeardAlert, SignalSilence } from "#lib/domain/signal-record.ts";

/** What one look at a Prometheus and an Alertmanager brought; null where there is none, or it could not be asked. */
export interface LookAnswers {
  prometheus: readonly { labels: Labels; annotations: Labels; state: "pending" | "firing"; activeAt: Date }[] | null;
  alertmanager:
    | {
        alerts: readonly { fingerprint: string; labels: Labels; annotations: Labels; startsAt: Date; silencedBy: readonly string[]; generatorURL: string | null }[];
        silences: readonly { id: string; endsAt: Date; createdBy: string; comment: string; state: string }[];
        /** It runs for so short a time that it may not know all alerts again. */
        fresh: boolean;
      }
    | null;
}

/** The same alert of both becomes one; `askedAt` is database time when the look began. The watchdog is no signal. */
export function alertsOfLook({ prometheus, alertmanager }: LookAnswers, context: AlertContext, askedAt: Date): HeardAlert[] {
  const watchdog = context.alerting.watchdog?.alert;
  const isSignal = ({ labels }: { labels: Labels }): boolean => watchdog === undefined || labels.alertname !== watchdog;
  const sent = (alertmanager?.alerts ?? []).filter(isSignal);
  const seen = (prometheus ?? []).filter(isSignal).map((alert) => ({ ...alert, fingerprint: fingerprintOf(alert.labels) }));
  const silences = new Map(alertmanager?.silences.map((silence) => [silence.id, silence]) ?? []);
  const silenceOf = (ids: readonly string[]): SignalSilence | null => {
    const holding = ids.flatMap((id) => silences.get(id) ?? []).toSorted((left, right) => right.endsAt.getTime() - left.endsAt.getTime());
    const [silence] = holding;
    return silence === undefined ? null : { id: silence.id, endsAt: silence.endsAt.toISOString(), by: silence.createdBy, comment: silence.comment };
  };

  const byFingerprint = new Map(seen.map((alert) => [alert.fingerprint, alert]));
  const sentFingerprints = new Set(sent.map((alert) => alert.fingerprint));
  const alone = createLabelIndex(seen.filter((alert) => !sentFingerprints.has(alert.fingerprint)), (alert) => alert.labels);
  const joined = new Set<string>();
  const heard = sent.map((alert) => {
    const twin = byFingerprint.get(alert.fingerprint) ?? alone.within(alert.labels).find((one) => !joined.has(one.fingerprint));
    if (twin !== undefined) joined.add(twin.fingerprint);
    // A later activeAt than startsAt is Prometheus after a restart: Alertmanager saw no end in between.
    const told = twin === undefined ? alert : { ...alert, annotations: twin.annotations };
    return heardAlert(
      { labels: told.labels, annotations: told.annotations, link: alert.generatorURL, fingerprints: twin === undefined || twin.fingerprint === alert.fingerprint ? [alert.fingerprint] : [alert.fingerprint, twin.fingerprint], state: "firing", activeAt: twin?.activeAt ?? null, startsAt: alert.startsAt, endsAt: null, ways: twin === undefined ? ["alertmanager"] : ["alertmanager", "prometheus"], silence: silenceOf(alert.silencedBy), surelyAt: askedAt, notInPrometheus: twin === undefined && prometheus !== null },
      context,
    );
  });
  const others = seen.filter((alert) => !joined.has(alert.fingerprint));
  return [...heard, ...others.map(({ labels, annotations, state, activeAt, fingerprint }) => heardAlert({ labels, annotations, link: null, fingerprints: [fingerprint], state, activeAt, startsAt: null, endsAt: null, ways: ["prometheus"], surelyAt: askedAt, notInPrometheus: false }, context))];
}

/**
 * Which live records this look no longer has, surely: what Prometheus told of, Prometheus must have dropped; what only Alertmanager told of, Alertmanager. One that
 * cannot be asked, lacks its watchdog, or has just been started ends nothing. `present`: ids of records that were heard in this look.
 */
export function absentFrom(records: readonly AlertRecord[], { prometheus, alertmanager }: LookAnswers, present: ReadonlySet<string>, watchdog: string | undefined): AlertRecord[] {
  const believed = (alerts: readonly { labels: Labels }[]): boolean => watchdog === undefined || alerts.some(({ labels }) => labels.alertname === watchdog);
  const trustsPrometheus = prometheus !== null && believed(prometheus);
  const trustsAlertmanager = alertmanager !== null && !alertmanager.fresh && believed(alertmanager.alerts);
  return records.filter((record) => record.state !== "ended" && !present.has(record.id) && (record.ways.includes("prometheus") ? trustsPrometheus : trustsAlertmanager));
}

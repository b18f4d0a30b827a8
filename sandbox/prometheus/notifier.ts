import type { Labels } from "#sandbox/prometheus/promql/labels.ts";
import type { RuleGroup } from "#sandbox/prometheus/rules.ts";

export interface Notifier {
  /** After each evaluation: tells Alertmanager what fires, what is due again, and what has ended. */
  notify(atMs: number): void;
  stop(): void;
}

interface Sent {
  labels: Labels;
  annotations: Readonly<Record<string, string>>;
  expr: string;
  firedAtMs: number;
  resolvedAtMs: number | null;
  lastSentMs: number;
}

/** Ended alerts are told of again and again for so long. Source: rules/alerting.go, resolvedRetention. */
const resolvedRetentionMs = 15 * 60_000;
const patienceMs = 10_000;

/**
 * What Prometheus sends to Alertmanager: a firing alert when it begins to fire and every `resendMs` (real time) again, with an end four resends ahead, and its end
 * when it has ended. What cannot be delivered is dropped. Source: rules/alerting.go (needsSending, sendAlerts) and notifier/notifier.go of Prometheus 2.42.
 */
export function createNotifier({ group, alertmanagers, address, resendMs }: { group: RuleGroup; alertmanagers: readonly string[]; /** Where links to the expression lead. */ address: () => string; resendMs: number }): Notifier {
  const known = new Map<string, Sent>();
  const stopping = new AbortController();

  function fold(atMs: number): void {
    const firing = new Set<string>();
    for (const { rule, alerts } of group.states()) {
      for (const alert of alerts.filter((one) => one.state === "firing")) {
        firing.add(alert.labels.key);
        const before = known.get(alert.labels.key);
        const goesOn = before !== undefined && before.resolvedAtMs === null;
        known.set(alert.labels.key, { labels: alert.labels, annotations: alert.annotations, expr: rule.expr, firedAtMs: goesOn ? before.firedAtMs : atMs, resolvedAtMs: null, lastSentMs: goesOn ? before.lastSentMs : Number.NEGATIVE_INFINITY });
      }
    }
    for (const [key, sent] of known) {
      if (firing.has(key)) continue;
      if (sent.resolvedAtMs === null) sent.resolvedAtMs = atMs;
      else if (atMs - sent.resolvedAtMs > resolvedRetentionMs) known.delete(key);
    }
  }

  function due(sent: Sent, atMs: number): boolean {
    return (sent.resolvedAtMs !== null && sent.resolvedAtMs > sent.lastSentMs) || sent.lastSentMs + resendMs < atMs;
  }

  async function send(body: string): Promise<void> {
    await Promise.all(
      alertmanagers.map(async (url) => {
        try {
          const response = await fetch(`${url}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body, signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(patienceMs)]) });
          await response.body?.cancel();
        } catch {
          // Dropped: it is sent again when it is due.
        }
      }),
    );
  }

  return {
    notify(atMs) {
      fold(atMs);
      const ready = [...known.values()].filter((sent) => due(sent, atMs));
      if (ready.length === 0 || alertmanagers.length === 0) return;
      for (const sent of ready) sent.lastSentMs = atMs;
      const alerts = ready.map(({ labels, annotations, expr, firedAtMs, resolvedAtMs }) => ({
        labels: labels.values,
        annotations,
        startsAt: new Date(firedAtMs).toISOString(),
        endsAt: new Date(resolvedAtMs ?? atMs + 4 * resendMs).toISOString(),
        generatorURL: `${address()}/graph?g0.expr=${encodeURIComponent(expr)}&g0.tab=1`,
      }));
      void send(JSON.stringify(alerts));
    },
    stop: () => stopping.abort(),
  };
}

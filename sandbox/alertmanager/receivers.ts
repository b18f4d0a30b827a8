import type { StoredAlert } from "#sandbox/alertmanager/alerts.ts";

/** Where Alertmanager tells people of alerts; only webhooks here. */
export interface WebhookReceiver {
  name: string;
  url: string;
  /** Sent as `Authorization: Bearer …`. */
  bearerToken?: string;
  sendResolved?: boolean;
  /** Alerts of one message; 0: all. */
  maxAlerts?: number;
}

export interface GroupMessage {
  groupKey: string;
  groupLabels: Readonly<Record<string, string>>;
  alerts: readonly StoredAlert[];
}

const patienceMs = 5_000;

/** One message of the webhook format, version 4. Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function webhookBody({ groupKey, groupLabels, alerts }: GroupMessage, { receiver, externalURL, maxAlerts, nowMs }: { receiver: string; externalURL: string; maxAlerts: number; nowMs: number }): object {
  const firing = (alert: StoredAlert): boolean => alert.endsAtMs > nowMs;
  const told = maxAlerts > 0 ? alerts.slice(0, maxAlerts) : alerts;
  return {
    receiver,
    status: told.some(firing) ? "firing" : "resolved",
    alerts: told.map((alert) => ({
      status: firing(alert) ? "firing" : "resolved",
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: new Date(alert.startsAtMs).toISOString(),
      endsAt: firing(alert) ? "0001-01-01T00:00:00Z" : new Date(alert.endsAtMs).toISOString(),
      generatorURL: alert.generatorURL,
      fingerprint: alert.fingerprint,
    })),
    groupLabels,
    commonLabels: common(told.map((alert) => alert.labels)),
    commonAnnotations: common(told.map((alert) => alert.annotations)),
    externalURL,
    version: "4",
    groupKey,
    truncatedAlerts: alerts.length - told.length,
  };
}

function common(sets: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = sets;
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)));
}

/** Whether the receiver took it: any 2xx. What cannot be reached is tried again by the caller. */
export async function deliver(receiver: WebhookReceiver, body: object, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(receiver.url, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "Alertmanager/0.25.0", ...(receiver.bearerToken !== undefined && { authorization: `Bearer ${receiver.bearerToken}` }) },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

import type { Clock } from "#sandbox/controllers/clock.ts";
import type { StoredAlert } from "#sandbox/alertmanager/alerts.ts";
import { deliver, webhookBody, type WebhookReceiver } from "#sandbox/alertmanager/receivers.ts";

export interface RouteOptions {
  groupBy: readonly string[];
  /** Real milliseconds, as in a route: before the first message of a group, between messages with something new, and between those without. */
  groupWaitMs: number;
  groupIntervalMs: number;
  repeatIntervalMs: number;
}

export interface Group {
  key: string;
  labels: Readonly<Record<string, string>>;
  alerts: readonly StoredAlert[];
}

export interface Dispatcher {
  take(alert: StoredAlert): void;
  groups(): Group[];
  /** Forgets the groups, as a restart does; what was told stays known. */
  clear(): void;
  stop(): void;
}

interface Running {
  key: string;
  labels: Record<string, string>;
  alerts: Map<string, StoredAlert>;
  cancel: () => void;
}

/** What a receiver was told last of a group. */
interface Told {
  atMs: number;
  firing: ReadonlySet<string>;
  resolved: ReadonlySet<string>;
}

/** Groups alerts by labels and tells receivers of each group, as dispatch.go and notify.go do for a tree of one route. */
export function createDispatcher({ clock, route, receivers, externalURL, muted, ended }: { clock: Clock; route: RouteOptions; receivers: readonly WebhookReceiver[]; externalURL: () => string; muted: (alert: StoredAlert) => boolean; ended: (fingerprint: string) => void }): Dispatcher {
  const groups = new Map<string, Running>();
  const log = new Map<string, Told>();
  let stopping = new AbortController();

  function due(told: Told | undefined, firing: ReadonlySet<string>, resolved: ReadonlySet<string>, sendResolved: boolean): boolean {
    if (told === undefined) return firing.size > 0;
    if ([...firing].some((key) => !told.firing.has(key))) return true;
    if (firing.size === 0 && told.firing.size > 0) return sendResolved;
    if (firing.size === 0) return false;
    if (sendResolved && [...resolved].some((key) => !told.resolved.has(key))) return true;
    return clock.now() - told.atMs >= route.repeatIntervalMs;
  }

  async function tell(group: Running, receiver: WebhookReceiver, alerts: readonly StoredAlert[], nowMs: number): Promise<boolean> {
    const sendResolved = receiver.sendResolved ?? true;
    const isFiring = (alert: StoredAlert): boolean => alert.endsAtMs > nowMs;
    const firing = new Set(alerts.filter(isFiring).map((alert) => alert.fingerprint));
    const resolved = new Set(alerts.filter((alert) => !isFiring(alert)).map((alert) => alert.fingerprint));
    const key = `${receiver.name} ${group.key}`;
    if (!due(log.get(key), firing, resolved, sendResolved)) return true;
    const body = webhookBody({ groupKey: group.key, groupLabels: group.labels, alerts: sendResolved ? alerts : alerts.filter(isFiring) }, { receiver: receiver.name, externalURL: externalURL(), maxAlerts: receiver.maxAlerts ?? 0, nowMs });
    if (!(await deliver(receiver, body, stopping.signal))) return false;
    log.set(key, { atMs: nowMs, firing, resolved });
    return true;
  }

  async function flush(group: Running): Promise<void> {
    const nowMs = clock.now();
    const alerts = [...group.alerts.values()].toSorted((left, right) => left.startsAtMs - right.startsAtMs);
    const heard = alerts.filter((alert) => !muted(alert));
    const told = await Promise.all(receivers.map((receiver) => tell(group, receiver, heard, nowMs)));
    if (told.includes(false)) return;
    for (const alert of alerts) {
      // It may have begun to fire again while the message was under way.
      if (alert.endsAtMs > nowMs || group.alerts.get(alert.fingerprint) !== alert) continue;
      group.alerts.delete(alert.fingerprint);
      ended(alert.fingerprint);
    }
    if (group.alerts.size === 0) {
      group.cancel();
      groups.delete(group.key);
    }
  }

  function wait(group: Running, realMs: number): void {
    group.cancel = clock.after(realMs * clock.speed, () => {
      wait(group, route.groupIntervalMs);
      void flush(group);
    });
  }

  return {
    take(alert) {
      const labels = Object.fromEntries(route.groupBy.filter((name) => alert.labels[name] !== undefined).toSorted().map((name) => [name, alert.labels[name] ?? ""]));
      const key = `{}:{${Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ")}}`;
      let group = groups.get(key);
      if (group === undefined) {
        // One that is over already and was never told of begins no group.
        if (alert.endsAtMs <= clock.now()) return ended(alert.fingerprint);
        group = { key, labels, alerts: new Map(), cancel: () => undefined };
        groups.set(key, group);
        wait(group, route.groupWaitMs);
      }
      group.alerts.set(alert.fingerprint, alert);
    },
    groups: () => [...groups.values()].map(({ key, labels, alerts }) => ({ key, labels, alerts: [...alerts.values()] })),
    clear() {
      for (const group of groups.values()) group.cancel();
      groups.clear();
      stopping.abort();
      stopping = new AbortController();
    },
    stop() {
      for (const group of groups.values()) group.cancel();
      groups.clear();
      stopping.abort();
    },
  };
}

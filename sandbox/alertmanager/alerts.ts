import { fingerprint } from "#sandbox/alertmanager/fingerprint.ts";

/** Times in milliseconds since the epoch. */
export interface StoredAlert {
  fingerprint: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  startsAtMs: number;
  endsAtMs: number;
  updatedAtMs: number;
  generatorURL: string;
  /** Its end was not given but follows from resolve_timeout. */
  timeout: boolean;
}

export interface PostedAlert {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  startsAtMs?: number | undefined;
  endsAtMs?: number | undefined;
  generatorURL: string;
}

export interface AlertStore {
  /** Takes it in, or joins it with what is known of the same label set when their times overlap. */
  put(posted: PostedAlert, nowMs: number): StoredAlert;
  /** Those that have not ended. */
  active(nowMs: number): StoredAlert[];
  get(fingerprint: string): StoredAlert | undefined;
  /** Forgets what ended and was told of. */
  forget(fingerprint: string): void;
  clear(): void;
}

/** Alerts in memory only, as Alertmanager has them: a restart forgets them until they are sent again. */
export function createAlertStore({ resolveTimeoutMs }: { resolveTimeoutMs: number }): AlertStore {
  const known = new Map<string, StoredAlert>();

  return {
    put(posted, nowMs) {
      // A start that is left out is the end, where one is given. Source: api/v2/api.go, postAlertsHandler.
      const startsAtMs = posted.startsAtMs ?? posted.endsAtMs ?? nowMs;
      const alert: StoredAlert = {
        fingerprint: fingerprint(posted.labels),
        labels: posted.labels,
        annotations: posted.annotations,
        startsAtMs,
        endsAtMs: posted.endsAtMs ?? nowMs + resolveTimeoutMs,
        updatedAtMs: nowMs,
        generatorURL: posted.generatorURL,
        timeout: posted.endsAtMs === undefined,
      };
      const before = known.get(alert.fingerprint);
      const overlap = before !== undefined && ((alert.endsAtMs > before.startsAtMs && alert.endsAtMs < before.endsAtMs) || (alert.startsAtMs > before.startsAtMs && alert.startsAtMs < before.endsAtMs));
      const stored = overlap ? merge(before, alert, nowMs) : alert;
      known.set(stored.fingerprint, stored);
      return stored;
    },
    active: (nowMs) => [...known.values()].filter((alert) => alert.endsAtMs > nowMs).toSorted((left, right) => (left.fingerprint < right.fingerprint ? -1 : 1)),
    get: (key) => known.get(key),
    forget: (key) => void known.delete(key),
    clear: () => known.clear(),
  };
}

/** The earlier start counts, and the later end unless the newer one says that it is over. Source: types/types.go, Alert.Merge. */
function merge(before: StoredAlert, after: StoredAlert, nowMs: number): StoredAlert {
  const startsAtMs = Math.min(before.startsAtMs, after.startsAtMs);
  const over = after.endsAtMs <= nowMs;
  const keepEnd = over ? before.endsAtMs <= nowMs && before.endsAtMs > after.endsAtMs : before.endsAtMs > after.endsAtMs && !before.timeout;
  return { ...after, startsAtMs, endsAtMs: keepEnd ? before.endsAtMs : after.endsAtMs };
}

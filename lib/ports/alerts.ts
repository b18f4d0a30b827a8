/** What Vigie asks of Alertmanager (API v2). Everything that is thrown is a VigieError: "upstream" when it cannot be asked, "invalid" when it refuses (its words are kept). */

export interface AlertmanagerAlert {
  /** Alertmanager's own identity of a label set: 16 hex digits. */
  fingerprint: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** When it began to fire, which is after `for:`; the onset is `activeAt` of Prometheus. */
  startsAt: Date;
  endsAt: Date;
  updatedAt: Date;
  state: "active" | "suppressed" | "unprocessed";
  silencedBy: readonly string[];
  inhibitedBy: readonly string[];
  generatorURL: string | null;
}

export interface AlertSilence {
  id: string;
  matchers: readonly { name: string; value: string; isRegex: boolean; isEqual: boolean }[];
  startsAt: Date;
  endsAt: Date;
  createdBy: string;
  comment: string;
  state: "pending" | "active" | "expired";
}

export interface AlertsApi {
  /** When this Alertmanager was started: soon after, it does not know every alert again. */
  startedAt(signal?: AbortSignal): Promise<Date>;
  /** Firing ones, silenced and inhibited too. */
  alerts(signal?: AbortSignal): Promise<AlertmanagerAlert[]>;
  silences(signal?: AbortSignal): Promise<AlertSilence[]>;
  /** Resolves with the silence's id. */
  silence(silence: Pick<AlertSilence, "matchers" | "startsAt" | "endsAt" | "createdBy" | "comment">, signal?: AbortSignal): Promise<string>;
  expire(silenceId: string, signal?: AbortSignal): Promise<void>;
}

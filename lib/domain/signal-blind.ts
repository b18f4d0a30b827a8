/** What is known of the monitoring of one environment after a look. Times are milliseconds of one clock that does not jump. */
export interface Senses {
  prometheus: Sense | null;
  alertmanager: Sense | null;
}

/** Null in `Senses`: none is configured. */
export interface Sense {
  /** "Prometheus at 10.0.0.4:9090". */
  name: string;
  /** When it last answered; null: never since we look. */
  answeredAt: number | null;
  /** Why it did not answer now; null when it did. */
  trouble: string | null;
  /** When it last had the watchdog. */
  watchdogAt: number | null;
}

export interface BlindOptions {
  /** When looking began: before that nothing is known. */
  sinceMs: number;
  nowMs: number;
  silentMs: number;
  /** Name of the alert that always fires; undefined: nothing is concluded from its absence. */
  watchdog: string | undefined;
}

/**
 * Whether the monitoring is blind: one of its parts cannot be asked, or has been without the alert that always fires, for `silentMs`. The sentence says which;
 * `sinceMs` when it was last well. Null: it sees.
 */
export function blindness({ prometheus, alertmanager }: Senses, options: BlindOptions): { why: string; sinceMs: number; way: "prometheus" | "alertmanager" } | null {
  for (const [way, sense] of [["prometheus", prometheus], ["alertmanager", alertmanager]] as const) {
    const found = blind(sense, options);
    if (found !== null) return { ...found, way };
  }
  return null;
}

function blind(sense: Sense | null, { sinceMs, nowMs, silentMs, watchdog }: BlindOptions): { why: string; sinceMs: number } | null {
  if (sense === null) return null;
  const answered = sense.answeredAt ?? sinceMs;
  if (sense.trouble !== null && nowMs - answered >= silentMs) return { why: sense.trouble.replace(/\.$/, ""), sinceMs: answered };
  if (watchdog === undefined) return null;
  const seen = sense.watchdogAt ?? sinceMs;
  return sense.trouble === null && nowMs - seen >= silentMs ? { why: `${sense.name} has no alert "${watchdog}", which always fires while alerting works`, sinceMs: seen } : null;
}

/** Whether it surely sees again: all that is configured answers, and has its watchdog. */
export function sees({ prometheus, alertmanager }: Senses, watchdog: string | undefined): boolean {
  return [prometheus, alertmanager].every((sense) => sense === null || (sense.trouble === null && sense.answeredAt !== null && (watchdog === undefined || (sense.watchdogAt !== null && sense.watchdogAt === sense.answeredAt))));
}

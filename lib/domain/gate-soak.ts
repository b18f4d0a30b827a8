/** One row of a Big Pod's history: from `at` on it was `status`. */
export interface HistoryRow {
  status: string;
  at: Date;
}

/** Blindness up to this long breaks no soak: a watch that is opened anew, a worker that is restarted. What a status says of the Big Pod always does. */
export const shortBlindnessMs = 60_000;
const blind: ReadonlySet<string> = new Set(["stale", "unknown"]);

/** Since when it has been healthy without a break, from its history, newest first; null when the newest row is not healthy or there is none. */
export function healthyWithoutBreak(rows: readonly HistoryRow[]): Date | null {
  let since: Date | null = null;
  /** When the blindness that is being walked over ended; null outside one. */
  let seenAgainAt: Date | null = null;
  for (const { status, at } of rows) {
    if (status === "healthy") {
      since = at;
      seenAgainAt = null;
    } else if (since !== null && blind.has(status)) {
      seenAgainAt ??= since;
      if (!(seenAgainAt.getTime() - at.getTime() <= shortBlindnessMs)) return seenAgainAt;
    } else {
      return seenAgainAt ?? since;
    }
  }
  // What came before the first row is not known: a history that begins blind has no healthy past.
  return seenAgainAt ?? since;
}

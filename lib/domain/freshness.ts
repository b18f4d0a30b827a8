import type { BigPodState, SourceState } from "#lib/contracts/state.ts";
import { sourceSentence } from "#lib/domain/fold-blind.ts";
import type { HealthStatus } from "#lib/domain/status.ts";

/** Nothing older than this is shown as if it were now. */
export const maximumAgeMs = 5_000;

export interface Staleness {
  /** Last moment the picture was known to be in step (ISO 8601). */
  since: string;
  seconds: number;
  /** Which source or process is silent. */
  why: string;
  /** Status before the sources fell silent. */
  was: HealthStatus;
}

export type DisplayedState = BigPodState & { stale: Staleness | null };

function secondsBetween(from: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(from)) / 1000));
}

/**
 * Whether a source is good enough to show green: live, or out of step for less than five seconds (a reconnect). One that refuses (forbidden, unsupported)
 * is not, at once.
 */
export function isFresh(source: SourceState, now: Date): boolean {
  switch (source.status) {
    case "live":
      return true;
    case "forbidden":
    case "unsupported":
      return false;
    case "connecting":
    case "stale":
    case "down":
      return source.contactAt !== null && now.getTime() - Date.parse(source.contactAt) <= maximumAgeMs;
  }
}

/** The worker's silence, or null while its heartbeat is younger than five seconds. `workerSeenAt` and `now` are both database time. */
export function workerSilence(workerSeenAt: string | null, now: Date): { since: string | null; why: string } | null {
  if (workerSeenAt === null) return { since: null, why: "no worker has looked yet: start one with npm run worker" };
  if (now.getTime() - Date.parse(workerSeenAt) <= maximumAgeMs) return null;
  return { since: workerSeenAt, why: "the worker that observes the clusters is silent" };
}

/**
 * What may be shown of a stored state now: itself while the worker beats and every required source behind it is fresh, otherwise `stale` with since when and why.
 * Used by the web server, the API and the browser alike, so that none of them is green longer than the others.
 */
export function displayedState(state: BigPodState, sources: Iterable<SourceState>, workerSeenAt: string | null, now: Date): DisplayedState {
  const silence = workerSilence(workerSeenAt, now);
  const keys = new Set(state.sources);
  let worst: { since: string; why: string } | null = silence === null ? null : { since: silence.since ?? state.observedAt, why: silence.why };
  if (worst === null) {
    const found = new Set<string>();
    for (const source of sources) {
      if (!keys.has(source.key)) continue;
      found.add(source.key);
      if (!source.required || isFresh(source, now)) continue;
      const since = source.contactAt ?? source.since;
      if (worst === null || since < worst.since) worst = { since, why: sourceSentence(source) };
    }
    if (keys.size === 0) worst = { since: state.observedAt, why: "no source stands behind it" };
    else if (worst === null && found.size === 0) worst = { since: state.observedAt, why: "nothing is known of the sources behind it" };
  }
  if (worst === null) return { ...state, stale: null };
  // Never seen at all: the sentence that says why is better than "stale".
  if (state.status === "unknown" && state.workload === null) return { ...state, stale: null };
  const seconds = secondsBetween(worst.since, now);
  return { ...state, status: "stale", cause: `stale, ${ageWords(seconds)}: ${worst.why}`, stale: { since: worst.since, seconds, why: worst.why, was: state.status } };
}

/** "7 s", "12 min", "3 h", "2 d". */
export function ageWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

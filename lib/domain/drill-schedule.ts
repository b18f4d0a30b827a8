import { nextAt } from "#lib/domain/recurrence.ts";
import type { Recurrence } from "#lib/domain/recurrence.ts";

/** When a drill is due: a recurrence at a time of day, as windows have them. */
export type DrillSchedule = Recurrence & { at: string };

const dayMs = 86_400_000;

/**
 * The newest time a drill was due after `since` and not after `now`; null when none was. Of several that were missed it is the last: what was missed is made
 * up for once. Looks back a year at most.
 */
export function dueDrill(schedule: DrillSchedule, since: Date, now: Date): Date | null {
  let due: Date | null = null;
  // Most answers are a few days away: the last weeks are looked through before the year.
  for (const days of [40, 368]) {
    const from = new Date(Math.max(since.getTime(), now.getTime() - days * dayMs));
    for (let next = nextAt(schedule, from); next !== null && next <= now; next = nextAt(schedule, next)) due = next;
    if (due !== null || from.getTime() === since.getTime()) return due;
  }
  return null;
}

/** How long it is waited for an environment to be seen before its drill is given up until the next time. */
export const drillPatienceMs = 10 * 60_000;

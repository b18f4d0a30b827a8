/** How soon a Big Pod is folded anew although nothing of it changed: for what follows from time alone. */
export const busyRecheckMs = 1_000;
export const calmRecheckMs = 10_000;
/** Of a hundred Big Pods that all need a look each second, none waits for longer than another second. */
export const mostDueAtOnce = 8;
/** Those whose time comes together are looked at together. */
export const leastRecheckMs = 100;

/**
 * Those whose time has come, the longest overdue first and a few at once: three hundred Big Pods that were read in the same moment would be folded in the same moment ever after.
 * `dueAt` is in milliseconds of the same clock as `nowMs`.
 */
export function mostOverdue(looked: ReadonlyMap<string, { dueAt: number }>, nowMs: number): Set<string> {
  const due = [...looked].filter(([, { dueAt }]) => dueAt <= nowMs).toSorted(([, a], [, b]) => a.dueAt - b.dueAt);
  return new Set(due.slice(0, mostDueAtOnce).map(([bigPod]) => bigPod));
}

/** Milliseconds until the next look: never later than a calm one, however far away the first that is due. */
export function untilNextLook(looked: ReadonlyMap<string, { dueAt: number }>, nowMs: number): number {
  if (looked.size === 0) return busyRecheckMs;
  const first = Math.min(...[...looked.values()].map((one) => one.dueAt));
  return Math.min(calmRecheckMs, Math.max(leastRecheckMs, first - nowMs));
}

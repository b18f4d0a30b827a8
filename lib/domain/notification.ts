/** What is told. `test`: a person asked whether the channel works. */
export const notificationKinds = ["opened", "updated", "acknowledged", "resolved", "reopened", "test"] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** After so many failed attempts, or so long, a notification is a dead letter: about an hour and ten minutes of trying. */
export const mostAttempts = 12;
export const longestMs = 24 * 3_600_000;

const firstDelayMs = 5_000;
const longestDelayMs = 15 * 60_000;

/**
 * How long to wait after the given failed attempt (1, 2, …): 5 s, doubled each time, at most 15 min, of which at least half. `random` is in [0, 1).
 * After M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): equal jitter.
 */
export function retryDelayMs(attempt: number, random: number): number {
  const whole = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}

/**
 * How many of the notifications of one incident that wait (oldest first) one message tells: of `all` the newest says everything, of `updates` an update says nothing
 * that what comes after it does not say as well, of `none` each is told by itself. The last of them is what is sent.
 */
export function toldAtOnce(kinds: readonly NotificationKind[], absorbs: "all" | "updates" | "none"): number {
  if (absorbs === "all") return kinds.length;
  if (absorbs === "none") return Math.min(1, kinds.length);
  const first = kinds.findIndex((kind) => kind !== "updated");
  return first === -1 ? kinds.length : first + 1;
}

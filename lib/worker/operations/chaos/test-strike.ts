/** What is done to a worker, or to its line to the database, and when. Sent to the worker's process as a message. */
export type Strike = { when: StrikeMoment; what: StrikeKind };

/** journal: its n-th transaction that writes a step (a step boundary). write: its n-th write to the cluster. after: so many milliseconds after the operation was asked for. */
export type StrikeMoment = { at: "journal" | "write"; n: number; side: "before" | "after" } | { at: "after"; ms: number };

/**
 * kill: SIGKILL. freeze: SIGSTOP past its lease, then SIGCONT. stop: SIGTERM.
 * cut: every connection to the database is reset. half-open: they stay open and carry nothing. lost-answers: what is sent arrives, no answer comes back, then they are reset
 * (a COMMIT whose outcome is unknown).
 */
export const strikeKinds = ["kill", "freeze", "stop", "cut", "half-open", "lost-answers"] as const;
export type StrikeKind = (typeof strikeKinds)[number];

/** Longer than the lease of an operation (5 s), so that whoever wakes up has lost it. */
export const frozenMs = 6_500;
export const halfOpenMs = 7_000;

export function strikeWords({ when, what }: Strike): string {
  return when.at === "after" ? `${what} ${when.ms} ms in` : `${what} ${when.side} ${when.at} ${when.n}`;
}

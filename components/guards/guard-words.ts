import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import type { Shape, Tone } from "#lib/domain/status.ts";
import { formatDuration, formatRelative } from "#components/patterns/duration.ts";
import { formatInZone } from "#components/guards/zoned-time.ts";

/** One thing that guards an environment, in a few words: a mark, and the moment it speaks of where there is one. */
export interface GuardPhrase {
  key: string;
  tone: Tone;
  shape: Shape | null;
  text: string;
  /** For the tip that shows local time and UTC. */
  at: string | null;
}

/**
 * What holds promotions to an environment back, and what they get: window, freeze, approvals, strategy. A window is told by the clock, not only by what
 * the worker last wrote: past its end it is not open any more.
 */
export function guardPhrases(guard: EnvironmentGuard, nowMs: number): GuardPhrase[] {
  const phrases: GuardPhrase[] = [];
  const { window, freeze } = guard;
  if (freeze && Date.parse(freeze.until) > nowMs) phrases.push({ key: "freeze", tone: "hold", shape: "pause", text: `frozen until ${formatInZone(freeze.until, freeze.timeZone, nowMs)}: ${freeze.reason}`, at: freeze.until });
  if (window) phrases.push(windowPhrase(window, nowMs));
  if (guard.approvalsRequired > 0) phrases.push({ key: "approvals", tone: "unknown", shape: null, text: `${guard.approvalsRequired} ${guard.approvalsRequired === 1 ? "approval" : "approvals"}`, at: null });
  if (guard.strategy === "blue-green") phrases.push({ key: "strategy", tone: "unknown", shape: null, text: "blue-green", at: null });
  return phrases;
}

function windowPhrase(window: NonNullable<EnvironmentGuard["window"]>, nowMs: number): GuardPhrase {
  const over = window.closesAt !== null && Date.parse(window.closesAt) <= nowMs;
  if (window.open && !over) {
    return { key: "window", tone: "ok", shape: "check", text: window.closesAt === null ? "window open" : `open until ${formatInZone(window.closesAt, window.timeZone, nowMs)}`, at: window.closesAt };
  }
  if (window.open) return { key: "window", tone: "hold", shape: "pause", text: "window just closed", at: window.closesAt };
  if (window.opensAt === null) return { key: "window", tone: "warn", shape: "triangle", text: `“${window.name}” does not open within a year`, at: null };
  if (Date.parse(window.opensAt) <= nowMs) return { key: "window", tone: "busy", shape: "clock", text: "window opens now", at: window.opensAt };
  return { key: "window", tone: "hold", shape: "clock", text: `opens ${formatInZone(window.opensAt, window.timeZone, nowMs)}`, at: window.opensAt };
}

const wayBack: Record<NonNullable<EnvironmentGuard["rollback"]>["verdict"], { tone: Tone; shape: Shape }> = {
  ready: { tone: "ok", shape: "check" },
  "not-ready": { tone: "warn", shape: "triangle" },
  unsure: { tone: "warn", shape: "question" },
};

/** How old a look at the way back may be before it is called old. It is looked at every minute or so. */
const oldCheckMs = 15 * 60_000;

/** The way back as it may be shown now: one that nobody has looked at for long is not called ready. */
export function wayBackMark(rollback: NonNullable<EnvironmentGuard["rollback"]>, nowMs: number): { tone: Tone; shape: Shape; sentence: string } {
  if (rollback.verdict === "ready" && nowMs - Date.parse(rollback.checkedAt) > oldCheckMs) return { ...wayBack.unsure, sentence: `was ${rollback.sentence}; not looked at for a while` };
  return { ...wayBack[rollback.verdict], sentence: rollback.sentence };
}

/** When going back was last rehearsed there, and how long that took. */
export function provenWords({ proven }: Pick<NonNullable<EnvironmentGuard["rollback"]>, "proven">, nowMs: number): string {
  if (!proven) return "never rehearsed here";
  const when = formatRelative(Date.parse(proven.at), nowMs);
  return proven.succeeded ? `proven ${when}, ${formatDuration(proven.seconds * 1000)}` : `the last rehearsal failed, ${when}`;
}

/** Both in one sentence, for where the button stands alone: "ready to roll back to R-211, proven 2 d ago, 41 s". */
export function wayBackSentence(rollback: NonNullable<EnvironmentGuard["rollback"]>, nowMs: number): string {
  return `${wayBackMark(rollback, nowMs).sentence}, ${provenWords(rollback, nowMs)}`;
}

/** The break-glass session that is open in the environment at this second. */
export function openBreakGlassOf(guard: EnvironmentGuard | undefined, nowMs: number): NonNullable<EnvironmentGuard["breakGlass"]> | null {
  return guard?.breakGlass && Date.parse(guard.breakGlass.expiresAt) > nowMs ? guard.breakGlass : null;
}

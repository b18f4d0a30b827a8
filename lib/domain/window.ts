import { Temporal } from "temporal-polyfill";
import type { FreezeConfig, WindowConfig } from "#lib/contracts/config.ts";
import { dayMs, matcher, recurrenceWords, timeOfDayMs, zoneClock } from "#lib/domain/recurrence.ts";
import type { ZoneClock } from "#lib/domain/recurrence.ts";

/**
 * When promotions may run. Rules of the clock changes: a window stands at wall-clock times of its zone. A time that the clocks skip in spring is
 * the moment they jump (02:00–03:00 has no length on that day and does not open); a time that comes twice in autumn begins a window the first
 * time and ends it the second (02:00–03:00 is two hours long then).
 */

type Freeze = Pick<FreezeConfig, "name" | "from" | "to" | "timeZone" | "reason">;

export type WindowState =
  /** `closesAt` null: it does not close within a year. */
  | { open: true; name: string; closesAt: Date | null; timeZone: string }
  /** `opensAt` null: none opens within a year; `name` is then the first window's. */
  | { open: false; name: string; opensAt: Date | null; timeZone: string };

export interface Span {
  /** Index of the window in its list. */
  index: number;
  fromMs: number;
  toMs: number;
  /** An end of it lies in a clock change. */
  odd: boolean;
}

export const searchDays = 366;

/** Every time a window is there between two moments, in order, without those of no length. Freezes are not looked at. */
export function windowSpans(windows: readonly WindowConfig[], fromMs: number, toMs: number): Span[] {
  const spans: Span[] = [];
  const clocks = new Map<string, ZoneClock>();
  windows.forEach((window, index) => {
    const clock = clocks.get(window.timeZone) ?? zoneClock(window.timeZone, fromMs, toMs);
    clocks.set(window.timeZone, clock);
    const wanted = matcher(window);
    const [begin, end] = [timeOfDayMs(window.from), timeOfDayMs(window.to)];
    // A window is at most a day long, and a day at most 25 hours: two days before is early enough.
    const last = clock.localDay(toMs);
    for (let date = clock.localDay(fromMs) - 2 * dayMs; date <= last; date += dayMs) {
      if (!wanted(date)) continue;
      const from = clock.moment(date + begin, "first");
      const to = clock.moment(date + end + (end <= begin ? dayMs : 0), "second");
      if (to.ms > from.ms && to.ms > fromMs && from.ms < toMs) spans.push({ index, fromMs: from.ms, toMs: to.ms, odd: from.odd || to.odd });
    }
  });
  return spans.toSorted((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}

/** First and last moment of a freeze; of times that come twice the first begins it and the second ends it. */
export function freezeSpan(freeze: Pick<Freeze, "from" | "to" | "timeZone">): { fromMs: number; toMs: number } {
  const at = (text: string, twice: "first" | "second"): number => {
    const localMs = Date.parse(`${text}Z`);
    return zoneClock(freeze.timeZone, localMs, localMs).moment(localMs, twice).ms;
  };
  return { fromMs: at(freeze.from, "first"), toMs: at(freeze.to, "second") };
}

/** The freeze that holds now, the one that ends last when there are several; null when none does. */
export function freezeAt(freezes: readonly Freeze[], now: Date): { name: string; reason: string; until: Date; timeZone: string } | null {
  const holding = freezes.map((freeze) => ({ freeze, ...freezeSpan(freeze) })).filter(({ fromMs, toMs }) => fromMs <= now.getTime() && now.getTime() < toMs);
  const last = holding.toSorted((a, b) => b.toMs - a.toMs)[0];
  return last === undefined ? null : { name: last.freeze.name, reason: last.freeze.reason, until: new Date(last.toMs), timeZone: last.freeze.timeZone };
}

/** What is left of spans once the freezes are taken out, in order. */
export function unfrozen(spans: readonly Span[], freezes: readonly Pick<Freeze, "from" | "to" | "timeZone">[]): Span[] {
  let left = [...spans];
  for (const frozen of freezes.map(freezeSpan)) {
    left = left.flatMap((span) => {
      if (frozen.toMs <= span.fromMs || frozen.fromMs >= span.toMs) return [span];
      const before = { ...span, toMs: Math.min(span.toMs, frozen.fromMs) };
      const after = { ...span, fromMs: Math.max(span.fromMs, frozen.toMs) };
      return [before, after].filter((part) => part.toMs > part.fromMs);
    });
  }
  return left.toSorted((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}

/**
 * Whether a promotion may run now, and when that changes: looked for a year ahead, freezes taken out. Windows that touch are one.
 * Null: no windows are configured, so nothing but a freeze holds promotions back. Zones and `on` must have passed the configuration's rules.
 */
export function windowAt(windows: readonly WindowConfig[], freezes: readonly Pick<Freeze, "from" | "to" | "timeZone">[], now: Date): WindowState | null {
  const first = windows[0];
  if (first === undefined) return null;
  const nowMs = now.getTime();
  const named = (index: number): { name: string; timeZone: string } => ({ name: windows[index]?.name ?? first.name, timeZone: windows[index]?.timeZone ?? first.timeZone });
  // Most answers lie in the coming days; the whole year is only looked through when they do not.
  for (const days of [8, 63, searchDays]) {
    const horizonMs = nowMs + days * dayMs;
    const spans = unfrozen(windowSpans(windows, nowMs, horizonMs), freezes).filter((span) => span.toMs > nowMs);
    const [next] = spans;
    if (next === undefined) continue;
    if (next.fromMs > nowMs) return { open: false, ...named(next.index), opensAt: new Date(next.fromMs) };
    let endMs = next.toMs;
    for (const span of spans) if (span.fromMs <= endMs) endMs = Math.max(endMs, span.toMs);
    if (endMs < horizonMs) return { open: true, ...named(next.index), closesAt: new Date(endMs) };
    if (days === searchDays) return { open: true, ...named(next.index), closesAt: null };
  }
  return { open: false, name: first.name, timeZone: first.timeZone, opensAt: null };
}

/** "Release window: first tuesday of each month 14:00–17:00 Europe/Paris". */
export function windowWords(window: WindowConfig): string {
  return `${window.name}: ${recurrenceWords(window)} ${window.from}–${window.to} ${window.timeZone}`;
}

const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "Tue 1 Dec 2026 14:00 Europe/Paris": a moment as people there read it. */
export function zonedWords(at: Date, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
  return `${days[local.dayOfWeek - 1] ?? ""} ${local.day} ${months[local.month - 1] ?? ""} ${local.year} ${local.toPlainTime().toString({ smallestUnit: "minute" })} ${timeZone}`;
}

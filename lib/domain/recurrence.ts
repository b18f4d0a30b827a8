import { Temporal } from "temporal-polyfill";

/** Something that recurs on local dates: every day, on weekdays, or on days of a month, in a time zone of the IANA database. */
export interface Recurrence {
  every: "day" | "week" | "month";
  on: readonly string[];
  timeZone: string;
}

export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const ordinals = ["first", "second", "third", "fourth", "last"] as const;

type DayRule = { kind: "every" } | { kind: "weekday"; weekday: number } | { kind: "nth"; nth: number; weekday: number } | { kind: "last"; weekday: number } | { kind: "day"; day: number };

/** Whether the runtime knows the zone. Offsets ("+02:00") and anything that is not a name are not zones: they have no rules. */
export function isKnownTimeZone(timeZone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(timeZone)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** One entry of `on`; null when it says nothing for this kind of recurrence. */
export function parseOn(every: Recurrence["every"], text: string): DayRule | null {
  const words = text.trim().toLowerCase().split(/\s+/);
  const weekday = (word: string | undefined): number => weekdays.findIndex((name) => name === word) + 1;
  if (every === "week" && words.length === 1 && weekday(words[0]) > 0) return { kind: "weekday", weekday: weekday(words[0]) };
  if (every !== "month") return null;
  if (words.length === 1 && /^([1-9]|[12][0-9]|3[01])$/.test(words[0] ?? "")) return { kind: "day", day: Number(words[0]) };
  const nth = ordinals.findIndex((name) => name === words[0]) + 1;
  if (words.length !== 2 || nth === 0 || weekday(words[1]) === 0) return null;
  return nth === ordinals.length ? { kind: "last", weekday: weekday(words[1]) } : { kind: "nth", nth, weekday: weekday(words[1]) };
}

/** What is wrong with `on`, each with its index (null: with all of it), as what is expected instead. */
export function recurrenceMistakes({ every, on }: Recurrence): { index: number | null; expected: string }[] {
  if (every === "day") return on.length === 0 ? [] : [{ index: null, expected: "nothing: it is every day. For some days write every: week" }];
  const words = every === "week" ? 'weekdays such as "tuesday"' : '"first tuesday" … "fourth tuesday", "last friday", or a day of the month from "1" to "31"';
  if (on.length === 0) return [{ index: null, expected: words }];
  return on.flatMap((text, index) => (parseOn(every, text) === null ? [{ index, expected: `${words}, not "${text}"` }] : []));
}

/** A test for local dates. Unparsable entries match nothing; a day that a month does not have is left out in that month. */
export function matcher(recurrence: Recurrence): (date: Temporal.PlainDate) => boolean {
  const rules: DayRule[] = recurrence.every === "day" ? [{ kind: "every" }] : recurrence.on.flatMap((text) => parseOn(recurrence.every, text) ?? []);
  return (date) => rules.some((rule) => matches(rule, date));
}

function matches(rule: DayRule, date: Temporal.PlainDate): boolean {
  switch (rule.kind) {
    case "every":
      return true;
    case "weekday":
      return date.dayOfWeek === rule.weekday;
    case "nth":
      return date.dayOfWeek === rule.weekday && Math.ceil(date.day / 7) === rule.nth;
    case "last":
      return date.dayOfWeek === rule.weekday && date.day + 7 > date.daysInMonth;
    case "day":
      return date.day === rule.day;
  }
}

/**
 * The moment of a local date and time. A time that the clocks skip (spring) is the moment they jump; of a time that comes twice (autumn)
 * it is the first or the second, as `twice` says. `odd`: one of both happened.
 */
export function momentOf(local: Temporal.PlainDateTime, timeZone: string, twice: "first" | "second"): { ms: number; odd: boolean } {
  const early = local.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  const late = local.toZonedDateTime(timeZone, { disambiguation: "later" });
  if (early.epochMilliseconds === late.epochMilliseconds) return { ms: early.epochMilliseconds, odd: false };
  // In a gap "earlier" is read with the old offset turned back: the jump is the next change after it.
  if (!early.toPlainDateTime().equals(local)) return { ms: early.getTimeZoneTransition("next")?.epochMilliseconds ?? late.epochMilliseconds, odd: true };
  return { ms: twice === "first" ? early.epochMilliseconds : late.epochMilliseconds, odd: true };
}

/** The first time that a recurrence at a time of day ("14:00") comes after `after`, within a year; null when it does not. */
export function nextAt(recurrence: Recurrence & { at: string }, after: Date): Date | null {
  const wanted = matcher(recurrence);
  const time = Temporal.PlainTime.from(recurrence.at);
  const start = localDate(after.getTime(), recurrence.timeZone).subtract({ days: 1 });
  for (let day = 0; day <= 368; day += 1) {
    const date = start.add({ days: day });
    if (!wanted(date)) continue;
    const { ms } = momentOf(date.toPlainDateTime(time), recurrence.timeZone, "first");
    if (ms > after.getTime()) return new Date(ms);
  }
  return null;
}

export function localDate(ms: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate();
}

/** "tuesday and thursday", "first tuesday of each month", "every day". */
export function recurrenceWords({ every, on }: Pick<Recurrence, "every" | "on">): string {
  if (every === "day") return "every day";
  const all = on.length <= 1 ? (on[0] ?? "") : `${on.slice(0, -1).join(", ")} and ${on.at(-1) ?? ""}`;
  return every === "week" ? `every ${all}` : `${all} of each month`;
}

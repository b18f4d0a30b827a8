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

export const dayMs = 86_400_000;

/** A test for local dates, given as milliseconds of their midnight as if it were in UTC. Unparsable entries match nothing; a day that a month does not have is left out in that month. */
export function matcher(recurrence: Pick<Recurrence, "every" | "on">): (localDayMs: number) => boolean {
  const rules: DayRule[] = recurrence.every === "day" ? [{ kind: "every" }] : recurrence.on.flatMap((text) => parseOn(recurrence.every, text) ?? []);
  return (localDayMs) => {
    const date = new Date(localDayMs);
    const day = { dayOfWeek: date.getUTCDay() === 0 ? 7 : date.getUTCDay(), day: date.getUTCDate(), daysInMonth: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate() };
    return rules.some((rule) => matches(rule, day));
  };
}

function matches(rule: DayRule, date: { dayOfWeek: number; day: number; daysInMonth: number }): boolean {
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

/** The clock of a zone over a stretch of time. Local times are milliseconds as if they were in UTC. */
export interface ZoneClock {
  /**
   * The moment of a local time. A time that the clocks skip (spring) is the moment they jump; of a time that comes twice (autumn) it is the first or the
   * second, as `twice` says. `odd`: one of both happened.
   */
  moment(localMs: number, twice: "first" | "second"): { ms: number; odd: boolean };
  /** Local midnight of the date that a moment lies in. */
  localDay(ms: number): number;
}

const marginMs = 3 * dayMs;

/** Reads the zone's offsets between two moments (and three days around them) once; what lies outside is taken to have the nearest offset. */
export function zoneClock(timeZone: string, fromMs: number, toMs: number): ZoneClock {
  const periods: { startMs: number; endMs: number; offsetMs: number }[] = [];
  for (let at: Temporal.ZonedDateTime | null = Temporal.Instant.fromEpochMilliseconds(fromMs - marginMs).toZonedDateTimeISO(timeZone); at !== null; ) {
    const next: Temporal.ZonedDateTime | null = at.getTimeZoneTransition("next");
    const last: boolean = next === null || next.epochMilliseconds > toMs + marginMs;
    periods.push({ startMs: periods.length === 0 ? -Infinity : at.epochMilliseconds, endMs: last || next === null ? Infinity : next.epochMilliseconds, offsetMs: at.offsetNanoseconds / 1e6 });
    at = last ? null : next;
  }
  return {
    moment(localMs, twice) {
      const found = periods.flatMap(({ startMs, endMs, offsetMs }) => (localMs - offsetMs >= startMs && localMs - offsetMs < endMs ? [localMs - offsetMs] : []));
      const [first, second] = found;
      if (first !== undefined) return { ms: twice === "second" && second !== undefined ? second : first, odd: second !== undefined };
      // In no period: it is skipped between two, behind the end of the one and before the start of the next.
      return { ms: periods.findLast(({ endMs, offsetMs }) => localMs - offsetMs >= endMs)?.endMs ?? localMs, odd: true };
    },
    localDay(ms) {
      const offsetMs = periods.find((period) => ms < period.endMs)?.offsetMs ?? 0;
      return Math.floor((ms + offsetMs) / dayMs) * dayMs;
    },
  };
}

/** Milliseconds since midnight of "14:00". */
export function timeOfDayMs(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return (hours * 60 + minutes) * 60_000;
}

/** The first time that a recurrence at a time of day ("14:00") comes after `after`, within a year; null when it does not. */
export function nextAt(recurrence: Recurrence & { at: string }, after: Date): Date | null {
  const wanted = matcher(recurrence);
  const clock = zoneClock(recurrence.timeZone, after.getTime(), after.getTime() + 368 * dayMs);
  const start = clock.localDay(after.getTime()) - dayMs;
  for (let day = 0; day <= 368; day += 1) {
    const date = start + day * dayMs;
    if (!wanted(date)) continue;
    const { ms } = clock.moment(date + timeOfDayMs(recurrence.at), "first");
    if (ms > after.getTime()) return new Date(ms);
  }
  return null;
}

/** "tuesday and thursday", "first tuesday of each month", "every day". */
export function recurrenceWords({ every, on }: Pick<Recurrence, "every" | "on">): string {
  if (every === "day") return "every day";
  const all = on.length <= 1 ? (on[0] ?? "") : `${on.slice(0, -1).join(", ")} and ${on.at(-1) ?? ""}`;
  return every === "week" ? `every ${all}` : `${all} of each month`;
}

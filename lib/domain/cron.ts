/** When a cron schedule was due, as the CronJob controller reads it (robfig/cron v3, standard parser: five fields, names, @daily and the like). */

interface Schedule {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  /** Both day fields restricted: either suffices. */
  eitherDay: boolean;
}

const shorthands: Readonly<Record<string, string>> = { "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *" };
const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const hourMs = 3_600_000;
const longestSearchHours = 366 * 24;

function field(text: string, low: number, high: number, names: readonly string[] = [], nameBase = 0): Set<number> | null {
  const number = (word: string): number => {
    const named = names.indexOf(word.toLowerCase());
    return named === -1 ? (/^\d+$/.test(word) ? Number(word) : Number.NaN) : named + nameBase;
  };
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [range = "", step = "1"] = part.split("/", 2);
    const [from = "", to] = range === "*" || range === "?" ? [String(low), String(high)] : range.split("-", 2);
    const first = number(from);
    const last = to === undefined ? (part.includes("/") ? high : first) : number(to);
    const by = Number(step);
    if (![first, last, by].every(Number.isInteger) || by < 1 || first < low || last > high || first > last) return null;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}

/** Null when it is no schedule of that kind ("@every 1h" has no times of its own). */
export function parseSchedule(text: string): Schedule | null {
  const parts = (shorthands[text.trim()] ?? text).trim().split(/\s+/);
  if (parts.length !== 5) return null;
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = parts;
  const [minutes, hours, days, months, weekdays] = [field(minute, 0, 59), field(hour, 0, 23), field(day, 1, 31), field(month, 1, 12, monthNames, 1), field(weekday.replace(/\b7\b/g, "0"), 0, 6, dayNames)];
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  return { minutes, hours, days, months, weekdays, eitherDay: !/^[*?]/.test(day) && !/^[*?]/.test(weekday) };
}

/** Milliseconds by which a zone's clocks are ahead of UTC at a moment; null for an unknown zone. */
function offsetMs(at: number, timeZone: string): number | null {
  try {
    const parts = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(at);
    const get = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
    return Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second")) - Math.floor(at / 1000) * 1000;
  } catch {
    return null;
  }
}

/** The newest `count` moments at or before `before` at which the schedule was due, newest first. Null: the schedule or the zone is not understood. */
export function lastDue(text: string, timeZone: string | null, before: Date, count: number): Date[] | null {
  const schedule = parseSchedule(text);
  if (schedule === null) return null;
  const zone = timeZone === null || timeZone === "UTC" || timeZone === "Etc/UTC" ? null : timeZone;
  if (zone !== null && offsetMs(before.getTime(), zone) === null) return null;
  const found: Date[] = [];
  const newestHour = Math.floor(before.getTime() / hourMs) * hourMs;
  for (let index = 0; index < longestSearchHours && found.length < count; index += 1) {
    const hourStart = newestHour - index * hourMs;
    const ahead = zone === null ? 0 : (offsetMs(hourStart, zone) ?? 0);
    // Local minutes of this UTC hour: zones with half hours straddle two local hours.
    for (let minute = 59; minute >= 0 && found.length < count; minute -= 1) {
      const at = hourStart + minute * 60_000;
      if (at > before.getTime()) continue;
      const local = new Date(at + ahead);
      if (!schedule.minutes.has(local.getUTCMinutes()) || !schedule.hours.has(local.getUTCHours()) || !schedule.months.has(local.getUTCMonth() + 1)) continue;
      const [day, weekday] = [schedule.days.has(local.getUTCDate()), schedule.weekdays.has(local.getUTCDay())];
      if (schedule.eitherDay ? day || weekday : day && weekday) found.push(new Date(at));
    }
  }
  return found;
}

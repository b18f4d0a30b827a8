/** The minutes at which a five-field cron expression fires. */
export interface CronSchedule {
  /** First firing strictly after the moment, or undefined when there is none within five years (30 February). */
  after(atMs: number): number | undefined;
  matches(atMs: number): boolean;
}

interface Field {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const fields: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: months },
  { name: "day of week", min: 0, max: 7, names: weekdays },
];
const macros: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const minuteMs = 60_000;
const dayMs = 86_400_000;
const horizonMs = 5 * 366 * dayMs;

function fieldNumber(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + (field.min === 1 ? 1 : 0);
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= field.min && number <= field.max)) throw new RangeError(`${field.name}: "${text}" is not between ${field.min} and ${field.max}`);
  return number;
}

/** The values of one field: lists, ranges and steps of each other ("1-5/2,10"). */
function fieldValues(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [range = "", step, extra] = part.split("/");
    const stride = step === undefined ? 1 : Number(step);
    if (extra !== undefined || !Number.isInteger(stride) || stride < 1) throw new RangeError(`${field.name}: "${part}" has no usable step`);
    const [first = "", last] = range === "*" || range === "?" ? [String(field.min), String(field.max === 7 ? 6 : field.max)] : range.split("-");
    const from = fieldNumber(first, field);
    const to = last === undefined ? (step === undefined ? from : field.max) : fieldNumber(last, field);
    if (to < from) throw new RangeError(`${field.name}: "${part}" runs backwards`);
    for (let value = from; value <= to; value += stride) values.add(field.max === 7 && value === 7 ? 0 : value);
  }
  return values;
}

/** Local calendar of a time zone at a moment. */
function calendar(timeZone: string): (atMs: number) => number[] {
  if (timeZone === "UTC" || timeZone === "Etc/UTC") {
    return (atMs) => {
      const date = new Date(atMs);
      return [date.getUTCMinutes(), date.getUTCHours(), date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCDay()];
    };
  }
  const format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", minute: "numeric", hour: "numeric", day: "numeric", month: "numeric", weekday: "short" });
  return (atMs) => {
    const parts = Object.fromEntries(format.formatToParts(atMs).map((part) => [part.type, part.value]));
    return [Number(parts.minute), Number(parts.hour), Number(parts.day), Number(parts.month), weekdays.indexOf((parts.weekday ?? "").toLowerCase())];
  };
}

/**
 * Reads a schedule as CronJobs take it: five fields or a macro. Day of month and day of week are alternatives when both are
 * restricted (crontab(5)). Throws RangeError with the field and the offending text. `timeZone` is an IANA name.
 */
export function parseCron(expression: string, timeZone = "UTC"): CronSchedule {
  const texts = (macros[expression.trim()] ?? expression).trim().split(/\s+/);
  if (texts.length !== fields.length) throw new RangeError(`expected exactly 5 fields, found ${texts.length}: "${expression}"`);
  const sets = fields.map((field, index) => fieldValues(texts[index] ?? "", field));
  const anyDay = /^[*?]/.test(texts[2] ?? "");
  const anyWeekday = /^[*?]/.test(texts[4] ?? "");
  const read = calendar(timeZone);

  function dateMatches(parts: readonly number[]): boolean {
    const day = sets[2]?.has(parts[2] ?? -1) ?? false;
    const weekday = sets[4]?.has(parts[4] ?? -1) ?? false;
    return (sets[3]?.has(parts[3] ?? -1) ?? false) && (anyDay || anyWeekday ? day && weekday : day || weekday);
  }

  function matches(atMs: number): boolean {
    const parts = read(atMs);
    return (sets[0]?.has(parts[0] ?? -1) ?? false) && (sets[1]?.has(parts[1] ?? -1) ?? false) && dateMatches(parts);
  }

  return {
    matches,
    after(atMs) {
      let candidate = (Math.floor(atMs / minuteMs) + 1) * minuteMs;
      const last = atMs + horizonMs;
      while (candidate <= last) {
        const parts = read(candidate);
        if (!dateMatches(parts)) {
          // To the next local midnight, but never more than an hour at once near it: days may have 23 or 25 hours.
          const minutesLeft = (24 - (parts[1] ?? 0)) * 60 - (parts[0] ?? 0);
          candidate += Math.max(1, minutesLeft > 120 ? minutesLeft - 90 : Math.min(minutesLeft, 60)) * minuteMs;
        } else if (!sets[1]?.has(parts[1] ?? -1)) candidate += (60 - (parts[0] ?? 0)) * minuteMs;
        else if (!sets[0]?.has(parts[0] ?? -1)) candidate += minuteMs;
        else return candidate;
      }
      return undefined;
    },
  };
}

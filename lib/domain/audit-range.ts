/** Spans of time that stay what they are called: a saved link to "yesterday" means another day each day. Days and months are those of UTC, as in the log. */
export const auditRanges = [
  "1h", "24h", "7d", "30d", "today", "yesterday",
  "last-monday", "last-tuesday", "last-wednesday", "last-thursday", "last-friday", "last-saturday", "last-sunday",
  "this-month", "last-month",
] as const;
export type AuditRange = (typeof auditRanges)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const lengths: Partial<Record<AuditRange, number>> = { "1h": hourMs, "24h": dayMs, "7d": 7 * dayMs, "30d": 30 * dayMs };
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

export interface Moments {
  /** ISO, inclusive; absent: since ever. */
  from?: string;
  /** ISO, inclusive; absent: until now. */
  to?: string;
}

/** What a named range means at `now`. "Last Tuesday" is the Tuesday before today: on a Tuesday, the one a week ago. */
export function momentsOf(range: AuditRange, now: Date): Moments {
  const length = lengths[range];
  if (length !== undefined) return { from: new Date(now.getTime() - length).toISOString() };
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  if (range === "today") return { from: new Date(today).toISOString() };
  if (range === "yesterday") return day(today - dayMs);
  if (range === "this-month") return { from: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)).toISOString() };
  if (range === "last-month") return monthOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7));
  const back = (now.getUTCDay() - weekdays.indexOf(range.slice("last-".length)) + 7) % 7 || 7;
  return day(today - back * dayMs);
}

function day(startMs: number): Required<Moments> {
  return { from: new Date(startMs).toISOString(), to: new Date(startMs + dayMs - 1).toISOString() };
}

/** A month, "2026-11", from its first to its last millisecond in UTC. */
export function monthOf(month: string): Required<Moments> {
  const from = new Date(`${month}-01T00:00:00.000Z`);
  return { from: from.toISOString(), to: new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1) - 1).toISOString() };
}

/** A day ("2026-11-17") as its beginning or its end, a moment as it is. */
export function momentOf(text: string, side: "from" | "to"): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  return side === "from" ? `${text}T00:00:00.000Z` : `${text}T23:59:59.999Z`;
}

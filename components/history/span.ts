/** Lengths of time that strips show: what the address says, for how long, how far one step of the slider goes and how far a page key. */
export const spans = {
  "24h": { title: "24 h", ms: 86_400_000, stepMs: 60_000, pageMs: 3_600_000 },
  "7d": { title: "7 d", ms: 7 * 86_400_000, stepMs: 600_000, pageMs: 6 * 3_600_000 },
  "30d": { title: "30 d", ms: 30 * 86_400_000, stepMs: 1_800_000, pageMs: 86_400_000 },
} as const;
export type SpanName = keyof typeof spans;
// Safe: the keys of the object above.
export const spanNames = Object.keys(spans) as SpanName[];

/** The span the address names; without one the shortest that holds the moment looked at (both in milliseconds, `atMs` null: now). */
export function chosenSpan(given: string | undefined, atMs: number | null, nowMs: number): SpanName {
  const named = spanNames.find((name) => name === given);
  if (named) return named;
  return spanNames.find((name) => atMs === null || atMs >= nowMs - spans[name].ms) ?? "30d";
}

/** Address of a page at a moment ("" leaves now) with a span; the usual one is left out. */
export function historyHref(path: string, at: string | null, over: SpanName | null): string {
  const search = new URLSearchParams();
  if (at !== null) search.set("at", at.replace(".000Z", "Z"));
  if (over !== null && (over !== "24h" || at !== null)) search.set("over", over);
  // Colons need no escape in a query, and people read this address.
  return search.size === 0 ? path : `${path}?${search.toString().replaceAll("%3A", ":")}`;
}

/** A moment as it stands in addresses: whole seconds, UTC. */
export function momentOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** "14:02 on 21 Nov", in the zone given; null: UTC, and it says so. */
export function momentWords(ms: number, zone: string | null): string {
  const part = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone ?? "UTC" }).format(ms);
  return `${part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}${zone === null ? " UTC" : ""} on ${part({ day: "numeric", month: "short" })}`;
}

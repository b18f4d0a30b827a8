const units: readonly [name: string, seconds: number][] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/**
 * Age or length for people: one unit, two while that still matters ("2 min 11 s", "1 h 5 min", "9 d").
 * @param ms milliseconds; negative ones (clocks that disagree) count as none.
 */
export function formatDuration(ms: number, parts: 1 | 2 = 1): string {
  let rest = Math.max(0, Math.round(ms / 1000));
  const out: string[] = [];
  for (const [name, seconds] of units) {
    const count = Math.floor(rest / seconds);
    if (count === 0 && !(name === "s" && out.length === 0)) {
      if (out.length > 0) break;
      continue;
    }
    out.push(`${count} ${name}`);
    rest -= count * seconds;
    if (out.length === parts) break;
  }
  return out.join(" ");
}

/** "just now", "4 min ago", "in 2 h". Under three seconds nothing is gained by counting. */
export function formatRelative(atMs: number, nowMs: number): string {
  const distance = nowMs - atMs;
  if (Math.abs(distance) < 3_000) return "just now";
  return distance > 0 ? `${formatDuration(distance)} ago` : `in ${formatDuration(-distance)}`;
}

/** Seconds with one decimal while fresh, whole ones later: "0.3 s", "48 s", "3 min". */
export function formatAge(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  return formatDuration(ms);
}

/** Local time with its zone, and UTC: both exact to the second. */
export function formatBoth(at: Date): { local: string; utc: string } {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }).format(at);
  const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" }).formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
  return { local: `${local} ${zone}`.trim(), utc: at.toISOString().replace(/\.\d{3}Z$/, "Z") };
}

/** "about 55 s" and the range it came from. */
export function formatEstimate(estimate: { seconds: number; lowSeconds: number; highSeconds: number; n: number }): string {
  const range = `${formatDuration(estimate.lowSeconds * 1000, 2)} to ${formatDuration(estimate.highSeconds * 1000, 2)}`;
  return `About ${formatDuration(estimate.seconds * 1000, 2)} (last ${estimate.n}: ${range})`;
}

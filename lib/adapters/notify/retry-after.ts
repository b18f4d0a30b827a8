/** Longer than this nobody is left alone: a clock that is wrong must not silence a channel for days. */
const longestMs = 3_600_000;

/** Retry-After (RFC 9110, 10.2.3: seconds or a date) as milliseconds from now; null when there is none. */
export function retryAfterMs(header: string | null | undefined, nowMs: number): number | null {
  if (header === null || header === undefined || header.trim() === "") return null;
  const seconds = /^\s*(\d{1,9})\s*$/.exec(header)?.[1];
  const ms = seconds === undefined ? Date.parse(header) - nowMs : Number(seconds) * 1_000;
  return Number.isNaN(ms) ? null : Math.min(longestMs, Math.max(1_000, ms));
}

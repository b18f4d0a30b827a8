"use client";

import { useNowMs } from "#components/query/server-clock.ts";
import { formatBoth, formatDuration, formatRelative } from "#components/patterns/duration.ts";

interface TimeProps {
  at: string;
  /** `relative`: "4 min ago". `age`: "4 min". */
  form?: "relative" | "age";
  className?: string;
}

/** A moment, relative to now. Hover or tap shows local time and UTC, ready to copy (see TimeTip). */
export function Time({ at, form = "relative", className }: TimeProps) {
  const now = useNowMs();
  const then = Date.parse(at);
  return (
    <time dateTime={at} data-tip-time={at} className={className}>
      {form === "relative" ? formatRelative(then, now) : formatDuration(now - then)}
    </time>
  );
}

/** Local time of day and date, and UTC: for a single entry's page. Written in the browser's own zone, so only after it is there. */
export function ExactTime({ at, className }: { at: string; className?: string }) {
  const now = useNowMs();
  const { utc } = formatBoth(new Date(at));
  return (
    <span className={className}>
      <time dateTime={at} data-tip-time={at} className="font-mono text-xs">
        {utc}
      </time>{" "}
      <span className="text-faint">({formatRelative(Date.parse(at), now)})</span>
    </span>
  );
}

/** How long something took, or has been going on. */
export function Elapsed({ from, to, className }: { from: string; to: string | null; className?: string }) {
  const now = useNowMs();
  const end = to === null ? now : Date.parse(to);
  return <span className={className}>{formatDuration(end - Date.parse(from), 2)}</span>;
}

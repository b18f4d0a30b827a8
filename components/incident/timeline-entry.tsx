import Link from "next/link";
import type { TimelineEntry } from "#lib/contracts/incident.ts";
import { kindPresentation } from "#components/incident/timeline-words.ts";
import { formatDuration } from "#components/patterns/duration.ts";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { classes } from "#components/ui/classes.ts";

interface EntryRowProps {
  entry: TimelineEntry;
  /** Its time of day in the chosen zone. */
  clock: string;
  /** Set where a new day begins. */
  day: string | null;
  /** Who read the timeline before did not see it. */
  late: boolean;
  target: boolean;
}

/** One line: when, what, by whom. Its time is the link to it. */
export function EntryRow({ entry, clock, day, late, target }: EntryRowProps) {
  const { word, tone, shape } = kindPresentation[entry.kind];
  return (
    <>
      {day === null ? null : (
        <li className="border-b border-line pt-2 pb-1 text-xs text-faint first:pt-0">
          {day}
        </li>
      )}
      <li id={`e${entry.id}`} data-kind={entry.kind} aria-current={target ? "location" : undefined} className={classes("grid scroll-my-24 grid-cols-[4.2rem_14px_minmax(0,1fr)] items-baseline gap-x-2.5 rounded-md py-1.5", target && "bg-busy-wash outline-2 outline-busy")}>
        <a href={`#e${entry.id}`} className="font-mono text-xs text-faint hover:text-text hover:underline max-md:-my-1 max-md:py-1" data-tip-time={entry.at}>
          <time dateTime={entry.at}>{clock}</time>
        </a>
        <StatusIcon shape={shape} tone={tone} className="translate-y-0.5" />
        <div className="min-w-0">
          <span className="sr-only">{word}: </span>
          {entry.link === null ? (
            <span className={entry.kind === "note" ? "whitespace-pre-wrap" : undefined}>{entry.title}</span>
          ) : (
            <Link href={entry.link} prefetch={false} className="underline decoration-line-strong underline-offset-2 hover:decoration-text">
              {entry.title}
            </Link>
          )}
          {entry.by === null ? null : <span className="text-muted"> · {entry.by}</span>}
          {late ? (
            <span className="text-xs text-warn" data-late>
              {" "}
              late: recorded {formatDuration(Date.parse(entry.recordedAt) - Date.parse(entry.at))} after it happened
            </span>
          ) : null}
          {entry.detail === null ? null : <p className="text-sm whitespace-pre-wrap text-muted">{entry.detail}</p>}
        </div>
      </li>
    </>
  );
}

import Link from "next/link";
import type { ChartMark } from "#lib/contracts/metrics.ts";
import type { ChartRange } from "#components/charts/signal-plot.tsx";
import { Time } from "#components/patterns/time.tsx";

/** What the numbers and the shading in the charts mean. */
export function MarkList({ marks, incidents }: { marks: readonly ChartMark[]; incidents: readonly ChartRange[] }) {
  if (marks.length === 0 && incidents.length === 0) return <p className="text-xs text-faint">No change and no incident in this time.</p>;
  return (
    <ul className="grid gap-1 text-xs" aria-label="Changes and incidents in this time">
      {marks.map((mark, index) => (
        <li key={`${mark.at} ${mark.label}`} className="flex min-w-0 items-baseline gap-2">
          <span className="inline-block min-w-5 shrink-0 text-right font-semibold text-hold">{index + 1}</span>
          <span className="min-w-0">
            {mark.link === null ? mark.label : (
              <Link href={mark.link} className="underline decoration-line-strong underline-offset-2 hover:text-text">
                {mark.label}
              </Link>
            )}
            <span className="text-muted">
              {" "}
              by {mark.by}, <Time at={mark.at} />
            </span>
          </span>
        </li>
      ))}
      {incidents.map((incident) => (
        <li key={incident.number} className="flex min-w-0 items-baseline gap-2">
          <span aria-hidden className="mt-0.5 inline-block h-3 w-5 shrink-0 self-start rounded-sm border border-bad bg-bad-wash" />
          <Link href={`/incidents/${incident.number}`} className="min-w-0 underline decoration-line-strong underline-offset-2">
            #{incident.number} {incident.title}
          </Link>
        </li>
      ))}
    </ul>
  );
}

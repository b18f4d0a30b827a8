import { memo } from "react";
import type { Strip } from "#lib/contracts/history.ts";
import { healthPresentation, healthStatuses } from "#lib/domain/status.ts";
import type { HealthStatus } from "#lib/domain/status.ts";
import { momentWords } from "#components/history/span.ts";
import { formatDuration } from "#components/patterns/duration.ts";
import { toneText } from "#components/patterns/status-icon.tsx";

interface StripRowProps {
  title: string;
  strip: Strip;
  fromMs: number;
  toMs: number;
  /** Moment looked at; null: now. */
  atMs: number | null;
  zone: string | null;
}

const width = 1000;
const height = 16;
/** Height tells what colour tells: the worse, the taller. */
const heights: Record<HealthStatus, number> = { broken: 16, warning: 13, progressing: 11, paused: 9, healthy: 7, stale: 4, unknown: 4 };
/** Rows a listener is given; those before are left to the longer look. */
const rowsRead = 40;

/** Colours of one Big Pod over time, and the same as a table for those who listen. */
export const StripRow = memo(function StripRow({ title, strip, fromMs, toMs, atMs, zone }: StripRowProps) {
  const place = (ms: number) => (Math.min(Math.max(ms, fromMs), toMs) - fromMs) * (width / (toMs - fromMs));
  const read = strip.spans.slice(-rowsRead).toReversed();
  return (
    <div data-strip={`${strip.environment}/${strip.bigPod}`} className="relative grid grid-cols-[minmax(0,9rem)_minmax(0,1fr)] items-center gap-x-3 max-md:grid-cols-[minmax(0,6.5rem)_minmax(0,1fr)]">
      <span aria-hidden className="truncate text-xs text-muted" title={title}>
        {title}
      </span>
      <svg aria-hidden viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className="h-4 w-full rounded-sm bg-sunk">
        {strip.spans.map((span) => {
          const [from, to] = [Date.parse(span.from), Date.parse(span.to)];
          return (
            <rect key={span.from} data-status={span.status} x={place(from).toFixed(1)} width={Math.max(1, place(to) - place(from)).toFixed(1)} y={height - heights[span.status]} height={heights[span.status]} className={toneText[healthPresentation[span.status].tone]} fill="currentColor">
              <title>{spanWords(span, zone)}</title>
            </rect>
          );
        })}
        {atMs !== null && atMs >= fromMs && atMs <= toMs ? <line data-at x1={place(atMs)} x2={place(atMs)} y1={0} y2={height} className="text-text" stroke="currentColor" strokeWidth={2} vectorEffect="non-scaling-stroke" /> : null}
      </svg>
      {/* A table itself cannot be made smaller than its words. */}
      <div className="sr-only">
        <table>
          <caption>
            {title}: {summaryOf(strip)}
          </caption>
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">From</th>
              <th scope="col">For</th>
            </tr>
          </thead>
          <tbody>
            {read.map((span) => (
              <tr key={span.from}>
                <td>{healthPresentation[span.status].word}</td>
                <td>{momentWords(Date.parse(span.from), zone)}</td>
                <td>{formatDuration(Date.parse(span.to) - Date.parse(span.from), 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
});

function spanWords(span: Strip["spans"][number], zone: string | null): string {
  const [from, to] = [Date.parse(span.from), Date.parse(span.to)];
  return `${healthPresentation[span.status].word}, ${momentWords(from, zone)} to ${momentWords(to, zone)} (${formatDuration(to - from, 2)})`;
}

/** "broken for 12 min, healthy for 23 h", worst first. */
function summaryOf(strip: Strip): string {
  const sums = healthStatuses.flatMap((status) => {
    const ms = strip.spans.reduce((sum, span) => (span.status === status ? sum + Date.parse(span.to) - Date.parse(span.from) : sum), 0);
    return ms > 0 ? [`${healthPresentation[status].word} for ${formatDuration(ms, 2)}`] : [];
  });
  return sums.length === 0 ? "nothing is kept of this time" : sums.join(", ");
}

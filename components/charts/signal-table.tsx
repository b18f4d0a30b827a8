import type { GoldenSignal } from "#lib/contracts/metrics.ts";
import { unitText } from "#lib/domain/chart-units.ts";
import { thinned } from "#components/charts/chart-model.ts";
import type { ChartRow } from "#components/charts/chart-model.ts";
import { plotHeight } from "#components/charts/golden-skeleton.tsx";

const mostRows = 60;

/** A chart in words: newest first, a moment without a measurement says so. */
export function SignalTable({ signal, rows, labelledBy }: { signal: GoldenSignal; rows: readonly ChartRow[]; labelledBy: string }) {
  const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by itself, so the keyboard must be able to come in
    <section tabIndex={0} aria-labelledby={labelledBy} className={`${plotHeight} overflow-auto border-y border-line`}>
      <table className="w-full text-xs">
        <thead className="sticky top-0 bg-bg text-left text-muted">
          <tr>
            <th scope="col" className="py-1 pr-3 font-semibold">
              Time
            </th>
            {signal.series.map(({ name }, index) => (
              <th key={name} scope="col" className="py-1 pr-3 text-right font-semibold">
                {name === "" ? signal.title : name || String(index + 1)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {thinned(rows, mostRows).map(({ atMs, values }) => (
            <tr key={atMs} className="border-t border-line">
              <th scope="row" className="py-0.5 pr-3 text-left font-normal whitespace-nowrap text-muted">
                <time dateTime={new Date(atMs).toISOString()} data-tip-time={new Date(atMs).toISOString()}>
                  {clock.format(atMs)}
                </time>
              </th>
              {values.map((value, index) => (
                <td key={signal.series[index]?.name ?? index} className="py-0.5 pr-3 text-right whitespace-nowrap">
                  {value === null ? <span className="text-faint">not measured</span> : unitText(value, signal.unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

import type { GoldenSignal } from "#lib/contracts/metrics.ts";
import { unitText } from "#lib/domain/chart-units.ts";
import type { ChartRow } from "#components/charts/chart-model.ts";
import { formatBoth } from "#components/patterns/duration.ts";

interface PlotTipProps {
  /** The next two are the drawing library's. */
  active?: boolean;
  label?: string | number;
  rows: readonly ChartRow[];
  signal: GoldenSignal;
  stepSeconds: number;
}

/** What stands at the pointer: local time and UTC, and each value, or that there is none. */
export function PlotTip({ active = false, label, rows, signal, stepSeconds }: PlotTipProps) {
  const row = active ? rows.find((candidate) => Math.abs(candidate.atMs - Number(label)) < stepSeconds * 500) : undefined;
  if (row === undefined) return null;
  const { local, utc } = formatBoth(new Date(row.atMs));
  return (
    <div className="rounded-md border border-line-strong bg-panel px-2 py-1.5 text-xs shadow-[0_4px_16px_var(--shadow)]">
      <p className="text-muted">{local}</p>
      <p className="text-faint">{utc}</p>
      {signal.series.map(({ name }, index) => {
        const value = row.values[index] ?? null;
        return (
          <p key={name}>
            {name === "" ? "" : `${name} `}
            <b>{value === null ? "not measured" : unitText(value, signal.unit)}</b>
          </p>
        );
      })}
    </div>
  );
}

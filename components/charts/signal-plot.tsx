"use client";

import { useMemo } from "react";
import { CartesianGrid, Line, LineChart, ReferenceArea, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import type { DotItemDotProps } from "recharts";
import type { Golden, GoldenSignal } from "#lib/contracts/metrics.ts";
import { axisTicks, timeTicks, unitText } from "#lib/domain/chart-units.ts";
import { axisTime, gapsOf, isLonely, markLines } from "#components/charts/chart-model.ts";
import type { ChartRow } from "#components/charts/chart-model.ts";
import { plotHeight } from "#components/charts/golden-skeleton.tsx";
import { PlotTip } from "#components/charts/plot-tip.tsx";

/** A stretch of time with a name: an incident. */
export interface ChartRange {
  number: number;
  title: string;
  from: string;
  to: string | null;
}

interface SignalPlotProps {
  signal: GoldenSignal;
  golden: Golden;
  rows: readonly ChartRow[];
  incidents: readonly ChartRange[];
}

/** Told apart by dashes too: colour alone is not for everybody. */
const strokes = [
  { stroke: "var(--busy)", dash: "0" },
  { stroke: "var(--hold)", dash: "6 3" },
  { stroke: "var(--ok)", dash: "2 3" },
  { stroke: "var(--warn)", dash: "8 3 2 3" },
];

const tick = { fill: "var(--faint)", fontSize: 11 } as const;

/** The drawing. A gap is left open and hatched, never bridged and never zero; nothing moves but by new values. */
export function SignalPlot({ signal, golden, rows, incidents }: SignalPlotProps) {
  const [fromMs, toMs] = [Date.parse(golden.from), Date.parse(golden.to)];
  const spanMs = toMs - fromMs;
  const heights = useMemo(() => axisTicks(rows.flatMap(({ values }) => values), signal.unit), [rows, signal.unit]);
  const moments = useMemo(() => timeTicks(fromMs, toMs, 5, -new Date(toMs).getTimezoneOffset() * 60_000), [fromMs, toMs]);
  const gaps = useMemo(() => gapsOf(rows, golden.stepSeconds), [rows, golden.stepSeconds]);
  const lonely = (series: number) => (props: DotItemDotProps) => {
    const { key, cx, cy, index } = props;
    return isLonely(rows, index, series) && typeof cx === "number" && typeof cy === "number" ? <circle key={key} cx={cx} cy={cy} r={2} fill="var(--busy)" data-lonely /> : <g key={key} />;
  };
  return (
    <div className={`${plotHeight} w-full text-xs`}>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 480, height: 176 }}>
        <LineChart data={[...rows]} margin={{ top: 14, right: 8, bottom: 0, left: 0 }} syncId={`${golden.environment}/${golden.bigPod}`} syncMethod="value" title={`${signal.title} over time; the table beside it has the numbers`} tabIndex={0}>
          <defs>
            <pattern id={`gap-${signal.name}`} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <line x1="0" y1="0" x2="0" y2="8" stroke="var(--line-strong)" strokeWidth="1.5" />
            </pattern>
          </defs>
          <CartesianGrid stroke="var(--line)" vertical={false} />
          <XAxis dataKey="atMs" type="number" scale="linear" domain={[fromMs, toMs]} ticks={moments} tickFormatter={(at: number) => axisTime(at, spanMs)} tick={tick} stroke="var(--line-strong)" interval="preserveStartEnd" minTickGap={12} height={22} allowDataOverflow />
          <YAxis type="number" domain={[heights[0] ?? 0, heights.at(-1) ?? 1]} ticks={heights} tickFormatter={(value: number) => unitText(value, signal.unit)} tick={tick} stroke="none" width={64} interval={0} />
          {incidents.flatMap((incident) => {
            const [begin, end] = [Math.max(fromMs, Date.parse(incident.from)), Math.min(toMs, incident.to === null ? toMs : Date.parse(incident.to))];
            return begin < toMs && end > fromMs ? [<ReferenceArea key={incident.number} x1={begin} x2={end} fill="var(--bad)" fillOpacity={0.09} stroke="none" ifOverflow="hidden" className="chart-incident" />] : [];
          })}
          {gaps.map((gap) => (
            <ReferenceArea key={gap.fromMs} x1={gap.fromMs} x2={gap.toMs} fill={`url(#gap-${signal.name})`} fillOpacity={0.55} stroke="none" ifOverflow="hidden" className="chart-gap" />
          ))}
          {markLines(golden.marks, spanMs).map(({ atMs, label }, index) => (
            <ReferenceLine key={`${atMs} ${String(index)}`} x={atMs} stroke="var(--hold)" strokeDasharray="4 3" ifOverflow="hidden" className="chart-mark" label={{ value: label, position: "top", fill: "var(--hold)", fontSize: 10 }} />
          ))}
          <Tooltip isAnimationActive={false} cursor={{ stroke: "var(--line-strong)" }} content={<PlotTip rows={rows} signal={signal} stepSeconds={golden.stepSeconds} />} />
          {signal.series.map(({ name }, index) => {
            const { stroke, dash } = strokes[index % strokes.length] ?? { stroke: "var(--busy)", dash: "0" };
            return <Line key={name} name={name === "" ? signal.title : name} dataKey={(row: ChartRow) => row.values[index] ?? null} type="linear" connectNulls={false} isAnimationActive={false} stroke={stroke} strokeWidth={1.75} strokeDasharray={dash} dot={lonely(index)} activeDot={{ r: 3 }} />;
          })}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

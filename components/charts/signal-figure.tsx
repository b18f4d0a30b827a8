"use client";

import { ChartLine, Code, Table2 } from "lucide-react";
import { memo, useId, useMemo, useState } from "react";
import type { Golden, GoldenSignal } from "#lib/contracts/metrics.ts";
import { unitText } from "#lib/domain/chart-units.ts";
import { chartRows, newestOf } from "#components/charts/chart-model.ts";
import { plotHeight } from "#components/charts/golden-skeleton.tsx";
import { SignalPlot } from "#components/charts/signal-plot.tsx";
import type { ChartRange } from "#components/charts/signal-plot.tsx";
import { SignalQueries } from "#components/charts/signal-queries.tsx";
import { SignalTable } from "#components/charts/signal-table.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import type { AbsenceKind } from "#components/patterns/absence.tsx";
import { Time } from "#components/patterns/time.tsx";
import { Button } from "#components/ui/button.tsx";

interface SignalFigureProps {
  signal: GoldenSignal;
  golden: Golden;
  incidents: readonly ChartRange[];
  /** The time goes on: an old newest value is worth a word then. */
  live: boolean;
}

const kinds: Record<Exclude<GoldenSignal["state"], "data">, AbsenceKind> = { empty: "unknown", refused: "unsupported", unavailable: "unreachable", unconfigured: "unsupported" };
const words: Record<Exclude<GoldenSignal["state"], "data">, string> = { empty: "Nothing was measured", refused: "Prometheus refuses the query", unavailable: "Prometheus cannot be asked", unconfigured: "Not measured" };

/** One signal: its newest value, its chart or why there is none, its PromQL, and the same as a table. Drawn anew for new values only, not with each tick of the clock. */
export const SignalFigure = memo(function SignalFigure({ signal, golden, incidents, live }: SignalFigureProps) {
  const heading = useId();
  const [asTable, showTable] = useState(false);
  const [withQuery, showQuery] = useState(false);
  const rows = useMemo(() => chartRows(golden, signal.series), [golden, signal.series]);
  const newest = newestOf(rows);
  const late = live && newest !== null && Date.parse(golden.to) - newest.atMs > (3 * golden.stepSeconds + golden.windowSeconds) * 1000;
  return (
    <figure aria-labelledby={heading} className="m-0 grid min-w-0 content-start gap-1.5" data-signal={signal.name} data-state={signal.state}>
      <div className="flex min-h-6 items-baseline justify-between gap-2 text-sm">
        <h3 id={heading} className="font-semibold">
          {signal.title}
          {signal.wholeBigPod && golden.service !== null ? <span className="font-normal text-faint"> · whole Big Pod</span> : null}
        </h3>
        {newest === null ? null : (
          <span className={late ? "text-right text-warn" : "text-right text-muted"}>
            {newest.values.length === 1 && newest.values[0] !== null && newest.values[0] !== undefined ? unitText(newest.values[0], signal.unit) : null}
            {late ? (
              <span className="text-xs">
                {" "}
                · newest of <Time at={new Date(newest.atMs).toISOString()} />
              </span>
            ) : null}
          </span>
        )}
      </div>
      {signal.state !== "data" ? (
        <div className={`${plotHeight} overflow-y-auto`}>
          <Absence kind={kinds[signal.state]} title={words[signal.state]}>
            {signal.sentence}
          </Absence>
        </div>
      ) : asTable ? (
        <SignalTable signal={signal} rows={rows} labelledBy={heading} />
      ) : (
        <SignalPlot signal={signal} golden={golden} rows={rows} incidents={incidents} />
      )}
      {signal.state === "data" && signal.sentence !== null ? <p className="text-xs text-muted">{signal.sentence}</p> : null}
      {signal.warnings.map((warning) => (
        <p key={warning} className="text-xs text-warn" data-warning>
          Prometheus warns: {warning}
        </p>
      ))}
      <div className="flex flex-wrap gap-1">
        <Button tone="quiet" size="small" aria-expanded={withQuery} onClick={() => showQuery(!withQuery)}>
          <Code aria-hidden className="size-3.5" />
          PromQL<span className="sr-only"> of {signal.title}</span>
        </Button>
        {signal.state === "data" ? (
          <Button tone="quiet" size="small" aria-pressed={asTable} onClick={() => showTable(!asTable)}>
            {asTable ? <ChartLine aria-hidden className="size-3.5" /> : <Table2 aria-hidden className="size-3.5" />}
            {asTable ? "Show as chart" : "Show as table"}
            <span className="sr-only">: {signal.title}</span>
          </Button>
        ) : null}
      </div>
      {withQuery ? <SignalQueries signal={signal} /> : null}
    </figure>
  );
});

"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Golden } from "#lib/contracts/metrics.ts";
import { chartGrid, GoldenSkeleton } from "#components/charts/golden-skeleton.tsx";
import type { GoldenSignalsProps } from "#components/charts/golden-signals.tsx";
import { MarkList } from "#components/charts/mark-list.tsx";
import { SignalFigure } from "#components/charts/signal-figure.tsx";
import type { ChartRange } from "#components/charts/signal-plot.tsx";
import { failureOf, readApi } from "#components/history/history-queries.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { Failure } from "#components/patterns/failure.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { Button } from "#components/ui/button.tsx";

const noIncidents: readonly ChartRange[] = [];

/** The charts, asked for together. While the next answer loads, the one before stays where it is. */
export function GoldenPanel({ environment, bigPod, service = null, from, to, everyMs = 15_000, incidents = noIncidents }: GoldenSignalsProps) {
  const nowMs = useNowMs();
  // A time that goes on ends at a round moment, so that each answer is asked for once.
  const until = to ?? new Date(Math.floor(nowMs / everyMs) * everyMs).toISOString();
  const query = { environment, bigPod, ...(service === null ? {} : { service }), from, to: until };
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["golden", query],
    queryFn: ({ signal }) => readApi<Golden>("/api/v1/metrics/golden", query, signal),
    placeholderData: (previous) => (previous?.environment === environment && previous.bigPod === bigPod && previous.service === service ? keepPreviousData(previous) : undefined),
    gcTime: 60_000,
  });
  const ranges = useMemo(() => [...new Map([...(data?.incidents ?? []), ...incidents].map((incident) => [incident.number, incident])).values()], [data, incidents]);
  if (data === undefined && error !== null) {
    const failure = failureOf(error);
    if (failure.code === "denied") return <Absence kind="forbidden" title={failure.message} />;
    return (
      <Failure error={failure}>
        <Button size="small" className="mt-2" onClick={() => void refetch()} disabledBecause={isFetching ? "It is being asked for again." : null}>
          Ask again
        </Button>
      </Failure>
    );
  }
  if (data === undefined) return <GoldenSkeleton />;
  return (
    <div className="grid gap-4" data-golden={`${environment}/${bigPod}`}>
      {error === null ? null : (
        <output className="block text-xs text-warn">
          These charts are not the newest: {failureOf(error).message}
        </output>
      )}
      <div className={chartGrid}>
        {data.signals.map((signal) => (
          <SignalFigure key={signal.name} signal={signal} golden={data} incidents={ranges} live={to === null} />
        ))}
      </div>
      <MarkList marks={data.marks} incidents={ranges} />
      <p className="text-xs text-faint">
        A point every {data.stepSeconds} s, each about the {data.windowSeconds} s before it. Where nothing was measured the line is broken.
      </p>
    </div>
  );
}

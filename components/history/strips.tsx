"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Strip } from "#lib/contracts/history.ts";
import { healthStatuses } from "#lib/domain/status.ts";
import { useHereZone } from "#components/guards/here-zone.ts";
import { failureOf, readApi } from "#components/history/history-queries.tsx";
import { spans } from "#components/history/span.ts";
import type { SpanName } from "#components/history/span.ts";
import { StripRow } from "#components/history/strip-row.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { Failure } from "#components/patterns/failure.tsx";
import { keys } from "#components/query/keys.ts";
import { useNowMs } from "#components/query/server-clock.ts";
import { Button } from "#components/ui/button.tsx";
import { Skeleton } from "#components/ui/skeleton.tsx";

const minuteMs = 60_000;
/** More would push what needs attention off the screen; the worst come first then. */
const rowsShown = 30;

/** Begin and end of a span that ends with the minute that is under way (milliseconds). */
export function useBounds(over: SpanName): { fromMs: number; toMs: number } {
  const toMs = Math.floor(useNowMs() / minuteMs) * minuteMs;
  return { fromMs: toMs - spans[over].ms, toMs };
}

interface StripsProps {
  fromMs: number;
  toMs: number;
  atMs: number | null;
  /** One Big Pod; null: all there are. */
  only: { environment: string; bigPod: string } | null;
  titleOf: (strip: Strip) => string;
  /** Rows that are to be expected, so that the place is kept while they load. */
  expected: number;
}

/** A strip per Big Pod and environment, asked for anew each minute. */
export function Strips({ fromMs, toMs, atMs, only, titleOf, expected }: StripsProps) {
  const zone = useHereZone();
  const [all, setAll] = useState(false);
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: keys.strips(from, to, only),
    queryFn: ({ signal }) => readApi<{ from: string; to: string; strips: Strip[] }>("/api/v1/history/strips", { from, to, ...only }, signal),
    placeholderData: keepPreviousData,
  });
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
  if (data === undefined) return <StripsSkeleton rows={expected} />;
  if (data.strips.length === 0) return <Absence kind="empty" title="Nothing is kept of this time">Vigie keeps what it sees from when it first runs, for 90 days.</Absence>;
  const shown = all || data.strips.length <= rowsShown ? data.strips : data.strips.toSorted((a, b) => worstOf(a) - worstOf(b)).slice(0, rowsShown);
  return (
    <div className="grid gap-1">
      {shown.map((strip) => (
        // What is drawn is what was asked for: while the next minute loads, the one before keeps its own ends.
        <StripRow key={`${strip.environment}/${strip.bigPod}`} title={titleOf(strip)} strip={strip} fromMs={Date.parse(data.from)} toMs={Date.parse(data.to)} atMs={atMs} zone={zone} />
      ))}
      {shown.length < data.strips.length ? (
        <Button tone="quiet" size="small" className="justify-self-start" onClick={() => setAll(true)}>
          Show all {data.strips.length}, also those that were well
        </Button>
      ) : null}
    </div>
  );
}

function worstOf(strip: Strip): number {
  return Math.min(healthStatuses.length, ...strip.spans.map((span) => healthStatuses.indexOf(span.status)));
}

/** As tall as the strips. */
export function StripsSkeleton({ rows }: { rows: number }) {
  return (
    <output aria-label="Loading the history" className="grid gap-1">
      {Array.from({ length: Math.min(rows, rowsShown) }, (_, row) => (
        <Skeleton key={row} className="h-4 w-full" />
      ))}
    </output>
  );
}

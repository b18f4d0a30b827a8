"use client";

import { formatAge } from "#components/patterns/duration.ts";
import { Mark } from "#components/patterns/status.tsx";
import { useFreshness } from "#components/query/use-freshness.ts";

/** How old what is on the screen is, and why when that is too old. */
export function LiveIndicator() {
  const { kind, ageMs, sentence } = useFreshness();
  return (
    <span className="min-w-24 text-right text-sm max-md:min-w-0" title={sentence} data-live={kind}>
      {kind === "live" ? <Mark tone="ok" shape="check" word={`live, ${formatAge(ageMs)}`} /> : kind === "connecting" ? <Mark tone="unknown" shape="dashed" word="connecting" /> : <Mark tone="warn" shape="dashed" word={ageMs === null ? "stale" : `stale, ${formatAge(ageMs)}`} strong />}
    </span>
  );
}

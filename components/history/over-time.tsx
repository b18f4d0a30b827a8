"use client";

import { HistoryQueries } from "#components/history/history-queries.tsx";
import { Scrubber } from "#components/history/scrubber.tsx";
import type { SpanName } from "#components/history/span.ts";
import { Strips, useBounds } from "#components/history/strips.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";

/** Colours of every Big Pod over time, and the slider that goes to any moment of it. */
export function OverTime({ at, over }: { at: string | null; over: SpanName }) {
  const { bigPods, environments } = useSnapshot();
  const { fromMs, toMs } = useBounds(over);
  return (
    <HistoryQueries>
      <div className="grid gap-1.5">
        <Scrubber at={at} over={over} fromMs={fromMs} toMs={toMs} />
        <Strips fromMs={fromMs} toMs={toMs} atMs={at === null ? null : Date.parse(at)} only={null} titleOf={(strip) => `${strip.environment} · ${bigPods.find(({ name }) => name === strip.bigPod)?.title ?? strip.bigPod}`} expected={bigPods.length * environments.length} />
      </div>
    </HistoryQueries>
  );
}

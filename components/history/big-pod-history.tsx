"use client";

import { EventList } from "#components/history/event-list.tsx";
import { HistoryQueries } from "#components/history/history-queries.tsx";
import type { SpanName } from "#components/history/span.ts";
import { Strips, useBounds } from "#components/history/strips.tsx";
import { SpanTabs } from "#components/history/span-tabs.tsx";
import { Section } from "#components/patterns/section.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";

/** One Big Pod's colours over time, and the events the cluster told of it. */
export function BigPodHistory({ environment, bigPod, over }: { environment: string; bigPod: string; over: SpanName }) {
  const title = useSnapshot().bigPods.find(({ name }) => name === bigPod)?.title ?? bigPod;
  const { fromMs, toMs } = useBounds(over);
  return (
    <HistoryQueries>
      <div className="grid gap-6">
        <Section title="Over time" aside={<SpanTabs path={`/big-pods/${environment}/${bigPod}`} at={null} chosen={over} />}>
          <Strips fromMs={fromMs} toMs={toMs} atMs={null} only={{ environment, bigPod }} titleOf={() => title} expected={1} />
        </Section>
        <Section title="Events" aside="newest first, kept beyond the cluster's hour">
          <EventList environment={environment} bigPod={bigPod} />
        </Section>
      </div>
    </HistoryQueries>
  );
}

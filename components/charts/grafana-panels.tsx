"use client";

import { useQuery } from "@tanstack/react-query";
import type { Panels } from "#lib/contracts/grafana.ts";
import { GrafanaPanel } from "#components/charts/grafana-panel.tsx";
import { chartGrid, plotHeight } from "#components/charts/golden-skeleton.tsx";
import { WhenSeen } from "#components/charts/when-seen.tsx";
import { failureOf, HistoryQueries, readApi } from "#components/history/history-queries.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { Failure } from "#components/patterns/failure.tsx";
import { Section } from "#components/patterns/section.tsx";
import { Skeleton } from "#components/ui/skeleton.tsx";

export interface GrafanaPanelsProps {
  environment: string;
  bigPod: string;
  /** As Grafana takes them: milliseconds since 1970, or "now-1h" and "now". */
  from: string;
  to: string;
}

/** Grafana's panels of a Big Pod, once they are scrolled to. To be left out where none is configured. */
export function GrafanaPanels(props: GrafanaPanelsProps) {
  return (
    <WhenSeen placeholder={<span className="block h-px" />}>
      <HistoryQueries>
        <PanelGrid {...props} />
      </HistoryQueries>
    </WhenSeen>
  );
}

function PanelGrid({ environment, bigPod, from, to }: GrafanaPanelsProps) {
  const query = { environment, bigPod };
  const { data, error } = useQuery({ queryKey: ["grafana-panels", query], queryFn: ({ signal }) => readApi<Panels>("/api/v1/grafana/panels", query, signal), refetchInterval: 15_000 });
  if (data?.panels.length === 0) return null;
  const failure = error === null || data !== undefined ? null : failureOf(error);
  return (
    <Section title="Panels of Grafana" id="grafana">
      {failure !== null ? (
        failure.code === "denied" ? <Absence kind="forbidden" title={failure.message} /> : <Failure error={failure} />
      ) : (
        <div className={chartGrid}>
          {data === undefined ? <Skeleton className={plotHeight} /> : data.panels.map((panel) => <GrafanaPanel key={panel.src} panel={panel} embed={data.embed} from={from} to={to} />)}
        </div>
      )}
    </Section>
  );
}

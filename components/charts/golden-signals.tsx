"use client";

import dynamic from "next/dynamic";
import { HistoryQueries } from "#components/history/history-queries.tsx";
import { GoldenSkeleton } from "#components/charts/golden-skeleton.tsx";
import { WhenSeen } from "#components/charts/when-seen.tsx";

/** The drawing library is large: it comes when somebody looks. */
const GoldenPanel = dynamic(() => import("#components/charts/golden-panel.tsx").then((module) => module.GoldenPanel), { ssr: false, loading: () => <GoldenSkeleton /> });

export interface GoldenSignalsProps {
  environment: string;
  bigPod: string;
  /** One service; null: the whole Big Pod. */
  service?: string | null;
  /** ISO 8601 in UTC. `to` null: it goes on, and is asked for anew every `everyMs`. */
  from: string;
  to: string | null;
  everyMs?: number;
  /** Shaded beside those that the server knows of; by number each stands once. */
  incidents?: readonly { number: number; title: string; from: string; to: string | null }[];
}

/** Request rate, failures, latency and memory of a Big Pod with its changes and incidents, asked of Prometheus once they are scrolled to. */
export function GoldenSignals(props: GoldenSignalsProps) {
  return (
    <WhenSeen placeholder={<GoldenSkeleton />}>
      <HistoryQueries>
        <GoldenPanel {...props} />
      </HistoryQueries>
    </WhenSeen>
  );
}

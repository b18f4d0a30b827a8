"use client";

import { GoldenSignals } from "#components/charts/golden-signals.tsx";
import { Section } from "#components/patterns/section.tsx";

interface IncidentChartsProps {
  number: number;
  title: string;
  environment: string;
  bigPod: string;
  onsetAt: string;
  /** Null: it goes on, and so do the charts. */
  endedAt: string | null;
}

/** How long before it began, and after it ended, is shown. */
const marginMs = 30 * 60_000;

/** The golden signals of the Big Pod around the incident, which is shaded in them. */
export function IncidentCharts({ number, title, environment, bigPod, onsetAt, endedAt }: IncidentChartsProps) {
  const from = new Date(Date.parse(onsetAt) - marginMs).toISOString();
  const to = endedAt === null ? null : new Date(Date.parse(endedAt) + marginMs).toISOString();
  return (
    <Section title="Before and after" id="charts">
      <GoldenSignals environment={environment} bigPod={bigPod} from={from} to={to} incidents={[{ number, title, from: onsetAt, to: endedAt }]} />
    </Section>
  );
}

"use client";

import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { IncidentRow } from "#components/incident/incident-row.tsx";
import { NothingFound, NothingOpen } from "#components/incident/no-incidents.tsx";
import { isOver, worstFirst } from "#components/incident/incident-words.ts";
import { useIncidents, useSnapshot } from "#components/query/use-platform.ts";

/** What is asked for, as the address says it. */
export interface IncidentFilter {
  status: "open" | "resolved" | "all";
  environment: string | null;
  bigPod: string | null;
  severity: string | null;
}

interface IncidentListProps {
  incidents: readonly IncidentSummary[];
  filter: IncidentFilter;
  /** Only the first page grows by what opens meanwhile. */
  first: boolean;
}

/** Incidents, open ones before those that ended, worst first; the stream moves them while one looks. */
export function IncidentList({ incidents, filter, first }: IncidentListProps) {
  const live = useIncidents();
  const { environments, bigPods } = useSnapshot();
  const titleOf = (name: string) => bigPods.find((known) => known.name === name)?.title ?? name;
  const known = new Set(incidents.map(({ number }) => number));
  const arrived = first ? live.filter(({ number }) => !known.has(number)) : [];
  const rows = [...arrived, ...incidents].map((incident) => live.find(({ number }) => number === incident.number) ?? incident).filter((incident) => matches(incident, filter));
  const narrowed = filter.environment !== null || filter.bigPod !== null || filter.severity !== null;
  if (rows.length === 0) return filter.status === "open" && first ? <NothingOpen narrowed={narrowed} /> : <NothingFound status={filter.status} narrowed={narrowed} />;
  return (
    <ul className="border-t border-line" aria-label="Incidents">
      {worstFirst(rows, environments.map(({ name }) => name)).map((incident) => (
        <IncidentRow key={incident.number} incident={incident} titleOf={titleOf} />
      ))}
    </ul>
  );
}

export function matches(incident: IncidentSummary, { status, environment, bigPod, severity }: IncidentFilter): boolean {
  return (status === "all" || isOver(incident) === (status === "resolved")) && (environment === null || incident.environment === environment) && (bigPod === null || incident.bigPod === bigPod) && (severity === null || incident.severity === severity);
}

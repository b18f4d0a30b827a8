"use client";

import dynamic from "next/dynamic";
import type { ReactNode } from "react";
import { EvidenceFiles } from "#components/incident/evidence-files.tsx";
import { IncidentHead } from "#components/incident/incident-head.tsx";
import { isOver } from "#components/incident/incident-words.ts";
import { NoteField } from "#components/incident/note-field.tsx";
import { RemedyCard } from "#components/incident/remedy-card.tsx";
import { Signals } from "#components/incident/signals.tsx";
import { Suspects } from "#components/incident/suspects.tsx";
import { Timeline } from "#components/incident/timeline.tsx";
import type { TimelineView } from "#components/incident/timeline.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { IncidentProvider, useIncident } from "#components/query/use-incident.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";
import type { Incident } from "#lib/contracts/incident.ts";

/** In the first HTML with its outline; what draws comes when one scrolls there. */
const IncidentCharts = dynamic(() => import("#components/incident/incident-charts.tsx").then((module) => module.IncidentCharts));

interface IncidentViewProps {
  initial: Incident;
  timeline: TimelineView;
  /** Made on the server, so that no Markdown code reaches the browser. */
  runbooks: ReactNode;
}

/** An incident on one page: what broke, what changed just before, and the button that undoes it. */
export function IncidentView({ initial, timeline, runbooks }: IncidentViewProps) {
  return (
    <IncidentProvider initial={initial}>
      <Page timeline={timeline} runbooks={runbooks} />
    </IncidentProvider>
  );
}

function Page({ timeline, runbooks }: Omit<IncidentViewProps, "initial">) {
  const { incident } = useIncident();
  const { operations, bigPods } = useSnapshot();
  const refused = useRefusal();
  const titleOf = (name: string) => bigPods.find((known) => known.name === name)?.title ?? name;
  return (
    <>
      <IncidentHead />
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_21rem]">
        {/* On a narrow screen the button that helps comes before everything that explains it. */}
        <aside aria-label="Remedies" className="grid min-w-0 gap-6 lg:sticky lg:top-16 lg:col-start-2 lg:row-start-1">
          <RemedyCard number={incident.number} remedies={incident.remedies} recovery={incident.recovery} operations={operations.filter((operation) => operation.environment === incident.environment)} over={isOver(incident)} />
        </aside>
        <div className="grid min-w-0 gap-6 lg:col-start-1 lg:row-start-1">
          <Suspects suspects={incident.suspects} note={incident.suspectsNote} onsetAt={incident.onsetAt} titleOf={titleOf} />
          <Signals number={incident.number} environment={incident.environment} active={incident.active} ended={incident.ended} refused={refused} />
          {incident.bigPod === null ? null : <IncidentCharts environment={incident.environment} bigPod={incident.bigPod} onsetAt={incident.onsetAt} endedAt={incident.resolved?.at ?? null} number={incident.number} title={incident.title} />}
          {runbooks}
          <Timeline number={incident.number} entries={incident.timeline} next={incident.timelineNext} openedAt={incident.openedAt} initialView={timeline} />
          <NoteField />
          <EvidenceFiles incident={incident} refused={refused} />
        </div>
      </div>
    </>
  );
}

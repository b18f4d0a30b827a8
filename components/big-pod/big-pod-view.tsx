"use client";

import dynamic from "next/dynamic";
import Link from "next/link";
import type { ReleaseSummary } from "#lib/contracts/release.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { helpBeside, problems as findProblems } from "#lib/domain/problems.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import { BigPodIncidents } from "#components/incident/big-pod-incidents.tsx";
import type { SpanName } from "#components/history/span.ts";
import { BigPodCharts } from "#components/charts/big-pod-charts.tsx";
import { EvidenceList } from "#components/big-pod/evidence-list.tsx";
import { Images } from "#components/big-pod/images.tsx";
import { PodTable } from "#components/big-pod/pod-table.tsx";
import { ScaleControl } from "#components/big-pod/scale-control.tsx";
import { ServiceList } from "#components/big-pod/service-list.tsx";
import { DriftButtons, DriftDifferences } from "#components/drift/drift-details.tsx";
import { remedyAction } from "#components/overview/remedy-action.ts";
import { Changes } from "#components/overview/changes.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { ColourChip } from "#components/patterns/colour-chip.tsx";
import { ListSkeleton } from "#components/patterns/list-skeleton.tsx";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { useTrails } from "#components/query/trail.ts";
import { usePlatformView } from "#components/query/use-view.ts";
import { ReleaseList } from "#components/release/release-list.tsx";
import { LogSkeleton } from "#components/big-pod/log-skeleton.tsx";

const LogView = dynamic(() => import("#components/big-pod/log-view.tsx").then((module) => module.LogView), { ssr: false, loading: () => <LogSkeleton /> });
const BigPodHistory = dynamic(() => import("#components/history/big-pod-history.tsx").then((module) => module.BigPodHistory), { ssr: false, loading: () => <ListSkeleton /> });

interface BigPodViewProps {
  /** Its incidents, the newest first; null when they may not be read. */
  incidents: readonly IncidentSummary[] | null;
  environment: string;
  bigPod: string;
  /** Newest first; null when they may not be read. */
  releases: readonly ReleaseSummary[] | null;
  /** How long a time its strip shows. */
  over: SpanName;
  /** Grafana has panels for it. */
  hasPanels?: boolean;
}

/** Everything about one Big Pod in one environment. */
export function BigPodView({ environment, bigPod, incidents, releases, over, hasPanels = false }: BigPodViewProps) {
  const { snapshot, states, now } = usePlatformView();
  const trails = useTrails();
  const refused = useRefusal();
  const titleOf = (name: string) => snapshot.bigPods.find((known) => known.name === name)?.title ?? name;
  const title = titleOf(bigPod);
  const state = states.find((known) => known.environment === environment && known.bigPod === bigPod) ?? null;
  if (!state) {
    return (
      <PageHead icon={<StatusIcon {...healthPresentation.unknown} className="size-[22px]" />} title={`${title} in ${environment}`}>
        <p>Nothing was seen of it yet. The worker has not finished its first look at {environment}.</p>
      </PageHead>
    );
  }
  const { tone, shape, word } = healthPresentation[state.status];
  const problem = findProblems(snapshot.environments.map(({ name }) => name), states, snapshot.sources, snapshot.changes, now).find((found) => found.id === `${environment}/${bigPod}`);
  const help = problem ? helpBeside(problem) : null;
  const action = problem ? remedyAction(problem.remedy, { releases: snapshot.releases, trails, titleOf, refused }) : null;
  const drift = snapshot.guards.find((guard) => guard.environment === environment)?.drift.find((one) => one.bigPod === bigPod) ?? null;
  const changes = snapshot.changes.filter((change) => change.environment === environment && (change.bigPod === bigPod || change.bigPod === null));

  return (
    <>
      <PageHead
        icon={<StatusIcon shape={shape} tone={tone} className="size-[22px]" />}
        title={`${title} in ${environment}`}
        actions={
          <>
            {action && action.request.kind !== "restart" && action.request.kind !== "scale" ? (
              <PlanButton request={action.request} tone={action.danger ? "danger" : "go"} disabledBecause={action.disabledBecause}>
                {action.title}
              </PlanButton>
            ) : null}
            <PlanButton request={{ kind: "restart", environment, bigPods: [bigPod] }} disabledBecause={refused("operation.request.restart", environment, `Restarting in ${environment}`)}>
              Restart {title} in {environment}
            </PlanButton>
          </>
        }
      >
        <p>
          <b className={toneText[tone]} data-status={state.status}>
            {word}
            {state.rollout && !state.stale ? ` ${state.rollout.done}/${state.rollout.total}` : ""}
          </b>{" "}
          for <Time at={state.stale?.since ?? state.since} form="age" /> · {state.version ?? "no version"} · {state.replicas.ready} of {state.replicas.desired} pods ready
          {state.restarts > 0 ? ` · ${state.restarts} restarts` : ""}
        </p>
        {state.colour && !state.stale ? (
          <p>
            <ColourChip colour={state.colour} now={now.getTime()} />
          </p>
        ) : null}
        {state.colour?.trouble?.length && !state.stale ? (
          <div data-colour-trouble="" className="text-warn">
            <p className="font-semibold">Nothing may be switched now:</p>
            <ul>
              {state.colour.trouble.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          </div>
        ) : null}
        {state.cause ? <p className="text-text">{state.cause}</p> : null}
        {problem ? <p>{problem.remedy.why}.</p> : null}
        {help ? (
          <p data-help="">
            <b>What would help:</b> {help}
          </p>
        ) : null}
      </PageHead>

      <BigPodIncidents environment={environment} bigPod={bigPod} known={incidents} titleOf={titleOf} />
      {drift ? (
        <Section title="Drifted" aside={<Time at={drift.since} form="age" />}>
          <div data-drift={`${environment}/${bigPod}`} className="rounded-[10px] border border-warn bg-warn-wash px-3.5 py-2.5">
            <p className="flex items-baseline gap-1.5 pb-1 font-semibold text-warn">
              <StatusIcon shape="triangle" tone="warn" className="translate-y-0.5" />
              It runs something else than Vigie applied
            </p>
            <DriftDifferences drift={drift} />
            <DriftButtons environment={environment} drift={drift} title={title} />
          </div>
        </Section>
      ) : null}

      {state.evidence.length > 0 ? (
        <Section title="Evidence">
          <EvidenceList evidence={state.evidence} />
        </Section>
      ) : null}

      <Section title="Services" aside={`${state.services.filter((service) => service.status === "up").length} of ${state.services.length} up`}>
        <ServiceList state={state} />
      </Section>

      <Section title="Pods" aside={`${state.replicas.ready} of ${state.replicas.desired} ready`}>
        {state.pods.length === 0 ? <Absence kind="empty" title={state.replicas.desired === 0 ? "Scaled to 0: no pods, on purpose" : "There are no pods"} /> : <PodTable pods={state.pods} stale={state.stale !== null} />}
        <ScaleControl environment={environment} bigPod={bigPod} title={title} desired={state.replicas.desired} />
      </Section>

      <Section title="Images" aside="by digest, as they run">
        <Images images={state.images} />
      </Section>

      <Section title="Live log" id="logs">
        {refused("log.read", environment, "") === null ? <LogView environment={environment} bigPod={bigPod} pods={state.pods} services={state.services.map((service) => service.name)} /> : <Absence kind="forbidden" title={refused("log.read", environment, `Reading logs in ${environment}`) ?? ""} />}
      </Section>

      <BigPodHistory environment={environment} bigPod={bigPod} over={over} />

      <div className="grid gap-6 lg:grid-cols-2">
        <Section title={`Releases of ${environment}`} aside={<Link href={`/releases?environment=${environment}`} className="hover:text-text">all</Link>}>
          {releases === null ? <Absence kind="forbidden" title="Your role does not show releases" /> : <ReleaseList environment={environment} next={null} releases={releases} only={bigPod} />}
        </Section>
        <Changes changes={changes} />
      </div>

      <BigPodCharts environment={environment} bigPod={bigPod} services={state.services.map((service) => service.name)} hasPanels={hasPanels} />
    </>
  );
}

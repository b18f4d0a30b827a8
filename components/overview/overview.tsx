"use client";

import dynamic from "next/dynamic";
import Link from "next/link";
import { useMemo } from "react";
import { problems as findProblems } from "#lib/domain/problems.ts";
import { countWords, verdict as judge } from "#lib/domain/verdict.ts";
import { healthPresentation, terminalOperationStatuses } from "#lib/domain/status.ts";
import type { Past } from "#components/history/past.tsx";
import { SpanTabs } from "#components/history/span-tabs.tsx";
import type { SpanName } from "#components/history/span.ts";
import { wayBackSentence } from "#components/guards/guard-words.ts";
import { Attention } from "#components/overview/attention.tsx";
import { withoutRepeats } from "#components/overview/without-repeats.ts";
import { openIncidents, worstFirst } from "#components/incident/incident-words.ts";
import { withIncidents } from "#components/overview/incident-verdict.ts";
import { Changes } from "#components/overview/changes.tsx";
import { pipelineGaps } from "#components/overview/gaps.ts";
import { Pipeline } from "#components/overview/pipeline.tsx";
import { remedyAction } from "#components/overview/remedy-action.ts";
import { splitSentence } from "#components/overview/split-sentence.ts";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { useTrails } from "#components/query/trail.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { usePlatformView } from "#components/query/use-view.ts";
import { buttonClasses } from "#components/ui/button.tsx";
import { Skeleton } from "#components/ui/skeleton.tsx";

// Part of the first HTML when there is something to show, and of the first load only then.
const Running = dynamic(() => import("#components/overview/running.tsx").then((module) => module.Running));
const Proposal = dynamic(() => import("#components/overview/proposal.tsx").then((module) => module.Proposal));

const OpenReviews = dynamic(() => import("#components/break-glass/open-reviews.tsx").then((module) => module.OpenReviews));

const PastHead = dynamic(() => import("#components/history/past.tsx").then((module) => module.PastHead));
const PastRest = dynamic(() => import("#components/history/past.tsx").then((module) => module.PastRest));
const OverTime = dynamic(() => import("#components/history/over-time.tsx").then((module) => module.OverTime), { ssr: false, loading: OverTimeSkeleton });

interface OverviewProps {
  /** How long a time the strips show. */
  over: SpanName;
  /** The moment that is looked back at; null: now. */
  past: Past | null;
}

/** The first screen. Is production well? If not, what is broken and why? What changed? What is the safe button? */
export function Overview({ over, past }: OverviewProps) {
  const { snapshot, states, now } = usePlatformView();
  const trails = useTrails();
  const refused = useRefusal();
  const titles = useMemo(() => new Map(snapshot.bigPods.map((bigPod) => [bigPod.name, bigPod.title])), [snapshot.bigPods]);
  const titleOf = (bigPod: string) => titles.get(bigPod) ?? bigPod;

  const environments = snapshot.environments.map((environment) => ({ ...environment, release: snapshot.releases.find((known) => known.environment === environment.name) ?? null }));
  const open = worstFirst(openIncidents(snapshot.incidents), snapshot.environments.map(({ name }) => name));
  const verdict = withIncidents(judge(snapshot.environments, snapshot.bigPods, states, now), open, snapshot, now);
  const found = findProblems(snapshot.environments.map((environment) => environment.name), states, snapshot.sources, snapshot.changes, now);
  const known = { releases: snapshot.releases, trails, titleOf, refused };
  const meant = found.find((problem) => problem.environment === verdict.environment && (verdict.bigPod === null || problem.bigPod === verdict.bigPod));
  const action = meant && verdict.status !== "stale" ? remedyAction(meant.remedy, known) : null;
  const rollback = action?.danger ? snapshot.guards.find((guard) => guard.environment === verdict.environment)?.rollback : null;
  const wayBack = rollback ? wayBackSentence(rollback, now.getTime()) : null;
  const { tone, shape } = healthPresentation[verdict.status];
  const { head, rest } = splitSentence(verdict.sentence);

  // The strips keep their place in the tree, and the slider its focus, when one goes to another moment.
  return (
    <>
      {past ? (
        <PastHead past={past} />
      ) : (
        <>
          <PageHead
            icon={<StatusIcon shape={shape} tone={tone} className="size-[22px]" />}
            title={<span data-verdict={verdict.status}>{head}</span>}
            actions={
              verdict.bigPod === null && !action && !verdict.incident ? undefined : (
                <>
                  {verdict.incident ? (
                    <Link href={`/incidents/${verdict.incident.number}`} className={buttonClasses("go")}>
                      Open incident {verdict.incident.number}
                    </Link>
                  ) : null}
                  {verdict.bigPod !== null && verdict.environment !== null ? (
                    <Link href={`/big-pods/${verdict.environment}/${verdict.bigPod}`} className={buttonClasses("plain")}>
                      Open {titleOf(verdict.bigPod)} in {verdict.environment}
                    </Link>
                  ) : null}
                  {action ? (
                    <PlanButton request={action.request} tone={action.danger ? "danger" : "go"} disabledBecause={action.disabledBecause}>
                      {action.title}
                    </PlanButton>
                  ) : null}
                </>
              )
            }
          >
            {rest ? <p className="text-text">{rest}</p> : null}
            {wayBack ? <p>Way back: {wayBack.replace(/[.](?=,|$)/, "")}.</p> : null}
            <p>
              {verdict.others.length === 0 ? (verdict.status === "healthy" ? "So are the other environments." : "The other environments are well.") : verdict.others.map((other) => `${other.environment}: ${countWords(other.counts)}`).join(" · ")}
            </p>
          </PageHead>
          <div className="grid gap-2 empty:hidden">
          {snapshot.guards.map(({ environment, proposal }) => (proposal ? <Proposal key={environment} environment={environment} proposal={proposal} /> : null))}
          {snapshot.guards.some((guard) => guard.openReviews.length > 0) ? <OpenReviews guards={snapshot.guards} /> : null}
          {snapshot.operations.some((operation) => !terminalOperationStatuses.includes(operation.status)) ? <Running operations={snapshot.operations} /> : null}
          </div>
          <Pipeline environments={environments} gaps={pipelineGaps(snapshot, states, refused)} bigPods={snapshot.bigPods} states={states} guards={snapshot.guards} />
        </>
      )}
      <Section title="Over time" aside={<SpanTabs path="/" at={past?.at ?? null} chosen={over} />}>
        <OverTime at={past?.at ?? null} over={over} />
      </Section>
      {past ? (
        <PastRest past={past} />
      ) : (
        <div className="grid gap-6 lg:grid-cols-[1.15fr_1fr]">
          <Attention incidents={open} problems={withoutRepeats(found)} guards={snapshot.guards} titleOf={titleOf} actionOf={(problem) => remedyAction(problem.remedy, known)} />
          <Changes changes={snapshot.changes} />
        </div>
      )}
    </>
  );
}

/** As tall as the slider and a strip for each Big Pod. */
function OverTimeSkeleton() {
  const { bigPods, environments } = useSnapshot();
  return (
    <output aria-label="Loading the history" className="grid gap-1">
      <Skeleton className="mb-0.5 h-7 w-full max-md:h-11" />
      {Array.from({ length: Math.min(30, bigPods.length * environments.length) }, (_, row) => (
        <Skeleton key={row} className="h-4 w-full" />
      ))}
    </output>
  );
}

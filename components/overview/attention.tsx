import Link from "next/link";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { IncidentRow } from "#components/incident/incident-row.tsx";
import { whoIsOnIt } from "#components/incident/incident-words.ts";
import type { Problem } from "#lib/domain/problems.ts";
import { helpBeside } from "#lib/domain/problems.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import { DriftButtons, DriftDifferences } from "#components/drift/drift-details.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import type { RemedyAction } from "#components/overview/remedy-action.ts";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { classes } from "#components/ui/classes.ts";

interface AttentionProps {
  /** Open ones. */
  incidents: readonly IncidentSummary[];
  problems: readonly Problem[];
  /** Whose drifts are listed below the problems. */
  guards: readonly EnvironmentGuard[];
  titleOf: (bigPod: string) => string;
  actionOf: (problem: Problem) => RemedyAction | null;
}

/** Everything that is wrong, worst first: what, since when, why, and what helps. */
export function Attention({ incidents, problems, guards, titleOf, actionOf }: AttentionProps) {
  const incidentOf = (problem: Problem) => incidents.find((incident) => problem.bigPod !== null && incident.environment === problem.environment && incident.bigPod === problem.bigPod);
  const told = new Set(problems.map(incidentOf));
  const alone = incidents.filter((incident) => !told.has(incident));
  const drifts = guards.toReversed().flatMap(({ environment, drift }) => drift.map((one) => ({ environment, drift: one })));
  const count = problems.length + alone.length + drifts.length;
  return (
    <Section title="Needs attention" aside={count === 0 ? undefined : count}>
      {count === 0 ? (
        <Absence kind="empty" title="Nothing needs attention" />
      ) : (
        <ul className="border-t border-line">
          {alone.map((incident) => (
            <IncidentRow key={incident.number} incident={incident} titleOf={titleOf} />
          ))}
          {problems.map((problem) => (
            <ProblemRow key={problem.id} problem={problem} incident={incidentOf(problem)} titleOf={titleOf} action={actionOf(problem)} />
          ))}
          {drifts.map(({ environment, drift }) => (
            <li key={`${environment}/${drift.bigPod}`} data-drift={`${environment}/${drift.bigPod}`} className="grid grid-cols-[16px_minmax(0,1fr)_auto] gap-x-2.5 gap-y-0.5 border-b border-line px-0.5 py-2">
              <StatusIcon shape="triangle" tone="warn" className="mt-1" />
              <span className="min-w-0">
                <Link href={`/big-pods/${environment}/${drift.bigPod}`} prefetch={false} className="font-semibold hover:underline">
                  {titleOf(drift.bigPod)}, {environment}
                </Link>{" "}
                <span className="text-muted">drifted</span>
              </span>
              <Time at={drift.since} form="age" className="text-xs text-faint" />
              <div className="col-[2/-1] min-w-0">
                <DriftDifferences drift={drift} />
                <DriftButtons environment={environment} drift={drift} title={titleOf(drift.bigPod)} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function ProblemRow({ problem, incident, titleOf, action }: { problem: Problem; incident: IncidentSummary | undefined; titleOf: (bigPod: string) => string; action: RemedyAction | null }) {
  const { tone, shape, word } = healthPresentation[problem.status];
  const help = helpBeside(problem);
  const blind = problem.status === "stale";
  const heading = problem.bigPod === null ? (problem.environment ?? "Vigie") : `${titleOf(problem.bigPod)}, ${problem.environment}`;
  return (
    <li className={classes("grid grid-cols-[16px_minmax(0,1fr)_auto] gap-x-2.5 gap-y-0.5 border-b border-line px-0.5 py-2", blind && "hatched")}>
      <StatusIcon shape={shape} tone={tone} className="mt-1" />
      <span className="min-w-0">
        {problem.bigPod !== null && problem.environment !== null ? (
          <Link href={`/big-pods/${problem.environment}/${problem.bigPod}`} prefetch={false} className="font-semibold hover:underline">
            {heading}
          </Link>
        ) : (
          <b>{heading}</b>
        )}{" "}
        <span className="text-muted">{word}</span>
      </span>
      <Time at={problem.since} form="age" className="text-xs text-faint" />
      <p className="col-[2/-1] min-w-0 text-sm">{problem.cause}</p>
      <div className="col-[2/-1] flex flex-wrap items-center gap-x-3 gap-y-1.5 pt-0.5 text-xs text-muted">
        <span className="min-w-0">
          {problem.remedy.why}.{help ? ` What would help: ${help}` : ""}
        </span>
        {incident ? (
          <Link href={`/incidents/${incident.number}`} prefetch={false} className="font-semibold text-text underline decoration-line-strong underline-offset-2 hover:decoration-text max-md:py-3">
            incident {incident.number}: {whoIsOnIt(incident)}
          </Link>
        ) : null}
        {action ? (
          <PlanButton request={action.request} size="small" tone="plain" disabledBecause={action.disabledBecause}>
            {action.title}
          </PlanButton>
        ) : null}
      </div>
    </li>
  );
}

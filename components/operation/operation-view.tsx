"use client";

import Link from "next/link";
import type { Operation } from "#lib/contracts/operation.ts";
import { operationPresentation, terminalOperationStatuses, waitingOperationStatuses } from "#lib/domain/status.ts";
import { AbortButton } from "#components/operation/abort-button.tsx";
import { Arrivals } from "#components/operation/arrivals.tsx";
import { ApprovalsGiven } from "#components/operation/approvals.tsx";
import { OperationGates } from "#components/operation/operation-gates.tsx";
import { Origin } from "#components/operation/origin.tsx";
import { WaitPanel } from "#components/operation/wait-panel.tsx";
import { Steps } from "#components/operation/steps.tsx";
import { formatEstimate } from "#components/patterns/duration.ts";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { OperationIcon } from "#components/patterns/status.tsx";
import { toneText } from "#components/patterns/status-icon.tsx";
import { Elapsed, Time } from "#components/patterns/time.tsx";
import { Afterwards } from "#components/plan/outlook.tsx";
import { Proposal } from "#components/overview/proposal.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";
import { PlanChanges } from "#components/plan/plan-changes.tsx";

const link = "underline decoration-line-strong underline-offset-2 hover:text-text";

/** What an operation does and did, step by step, who asked for it and why. */
export function OperationView({ operation }: { operation: Operation }) {
  const { tone, word } = operationPresentation[operation.status];
  const proposal = useSnapshot().guards.find((guard) => guard.environment === operation.environment)?.proposal;
  const over = terminalOperationStatuses.includes(operation.status);
  const waiting = waitingOperationStatuses.includes(operation.status);
  const started = operation.startedAt ?? operation.requestedAt;
  return (
    <>
      <PageHead
        icon={<OperationIcon status={operation.status} className="size-[22px]" />}
        title={operation.title}
        actions={over ? undefined : <AbortButton operation={operation} />}
      >
        <output className="block" data-operation-status={operation.status}>
          <b className={toneText[tone]}>{word}</b>
          {operation.note && !waiting ? <span className="text-text"> · {operation.note}</span> : null}
        </output>
        <Origin operation={operation} />
        <p>
          {operation.actor}, <Time at={operation.requestedAt} /> · “{operation.reason}” · {waiting ? "waits for" : over ? "took" : "for"} <Elapsed from={started} to={operation.finishedAt} />
        </p>
        {operation.abortRequestedBy && !over ? <p className="text-hold">{operation.abortRequestedBy} asked to abort: {waiting ? "it will not begin." : "what was changed is being brought back."}</p> : null}
      </PageHead>

      <WaitPanel operation={operation} />
      {proposal?.operationId === operation.id ? <Proposal environment={operation.environment} proposal={proposal} /> : null}

      {waiting || operation.status === "refused" ? null : (
      <div className="grid gap-1.5">
        <progress data-tone={over ? tone : "busy"} className="h-1.5 w-full" aria-label="Steps done" value={operation.progress.done} max={Math.max(1, operation.progress.total)} />
        <p className="flex flex-wrap justify-between gap-x-4 text-xs text-muted">
          <span>
            {operation.progress.done} of {operation.progress.total} steps
          </span>
          <span>{operation.plan.estimate ? formatEstimate(operation.plan.estimate) : "No estimate yet: fewer than three like it have run"}</span>
        </p>
      </div>
      )}

      <div className="grid gap-6 lg:grid-cols-[1.3fr_1fr]">
        <Section title="Steps">
          <Steps steps={operation.steps} />
        </Section>
        <div className="grid content-start gap-6">
          <Arrivals operation={operation} />
          <Section title="What was planned" aside={<span className="font-mono text-xs">{operation.plan.hash.slice(0, 12)}</span>}>
            <PlanChanges plan={operation.plan} />
            {over ? null : (
              <div className="pt-2">
                <Afterwards sentences={operation.plan.afterwards} />
              </div>
            )}
          </Section>
          <OperationGates operation={operation} />
          {operation.approvals.required > 0 && operation.status !== "awaiting" ? (
            <Section title="Approvals" aside={`${operation.approvals.required} asked for`}>
              <ApprovalsGiven operation={operation} />
            </Section>
          ) : null}
          <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
            <Link className={link} href={`/audit?operation=${operation.id}`}>
              Its audit entries
            </Link>
            <Link className={link} href={`/releases?environment=${operation.environment}`}>
              Releases of {operation.environment}
            </Link>
          </p>
        </div>
      </div>
    </>
  );
}

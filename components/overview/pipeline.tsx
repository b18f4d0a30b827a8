import type { ReactNode } from "react";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { EnvironmentRelease } from "#lib/contracts/state.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { Time } from "#components/patterns/time.tsx";
import { PipelineCell } from "#components/overview/pipeline-cell.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { classes } from "#components/ui/classes.ts";

export interface PipelineEnvironment {
  name: string;
  title: string;
  release: EnvironmentRelease | null;
}

/** What lies between two neighbouring environments. */
export interface PipelineGap {
  from: string;
  to: string;
  /** "2 images differ", "the same", "cannot be compared". */
  summary: string;
  /** Per Big Pod, short lines; none when the same. */
  lines: Readonly<Record<string, readonly string[]>>;
  /** Null where no promotion goes this way. */
  promote: { request: PlanRequest; title: string; short: string; disabledBecause: string | null } | null;
}

export interface PipelineProps {
  environments: readonly PipelineEnvironment[];
  /** One shorter than `environments`. */
  gaps: readonly PipelineGap[];
  bigPods: readonly { name: string; title: string }[];
  states: readonly DisplayedState[];
}

const head = "bg-sunk px-3.5 py-2 lg:flex lg:items-center lg:justify-between lg:gap-2";
const gutter = "border-dashed border-line bg-sunk lg:border-x";

/** Environments as columns, Big Pods as rows, and between two columns what differs with the button that promotes it. */
export function Pipeline({ environments, gaps, bigPods, states }: PipelineProps) {
  return (
    <div className="overflow-x-auto rounded-[10px] border border-line bg-panel" tabIndex={environments.length > 4 ? 0 : undefined}>
      <div role="table" aria-label="Pipeline" className="pipeline" data-gaps={gaps.length}>
        <div role="row" className="pipeline-row">
          <div role="columnheader" className={classes(head, "max-lg:sr-only")}>
            <span className="sr-only">Big Pod</span>
          </div>
          {interleave(environments, gaps, {
            column: (environment, index) => <EnvironmentHead key={environment.name} environment={environment} index={index} />,
            gap: (gap) => <GapHead key={`${gap.from}:${gap.to}`} gap={gap} />,
          })}
        </div>
        {bigPods.map((bigPod) => (
          <div role="row" key={bigPod.name} className="pipeline-row">
            <div role="rowheader" className="border-t border-line px-3.5 py-3 font-semibold max-lg:bg-sunk max-lg:py-1.5">
              {bigPod.title}
            </div>
            {interleave(environments, gaps, {
              column: (environment) => (
                <PipelineCell
                  key={environment.name}
                  bigPod={bigPod}
                  environment={environment}
                  state={states.find((state) => state.environment === environment.name && state.bigPod === bigPod.name) ?? null}
                />
              ),
              gap: (gap) => <GapCell key={`${gap.from}:${gap.to}`} lines={gap.lines[bigPod.name] ?? []} />,
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

interface Parts {
  column: (environment: PipelineEnvironment, index: number) => ReactNode;
  gap: (gap: PipelineGap) => ReactNode;
}

function interleave(environments: readonly PipelineEnvironment[], gaps: readonly PipelineGap[], { column, gap }: Parts): ReactNode[] {
  return environments.flatMap((environment, index) => {
    const next = gaps[index];
    return next ? [column(environment, index), gap(next)] : [column(environment, index)];
  });
}

const accents = ["bg-env-0", "bg-env-1", "bg-env-2", "bg-env-3"] as const;

function EnvironmentHead({ environment, index }: { environment: PipelineEnvironment; index: number }) {
  const { release } = environment;
  return (
    <div role="columnheader" className={classes(head, "max-lg:flex max-lg:items-center max-lg:justify-between max-lg:border-t max-lg:border-line max-lg:first-of-type:border-t-0")}>
      <span className="inline-flex items-center gap-2 font-semibold">
        <span aria-hidden className={classes("size-2 rounded-[2px]", accents[index % accents.length])} />
        {environment.title}
      </span>
      <span className="text-xs text-muted">
        {release ? (
          <>
            {release.settled ? null : <span title="What runs differs from the recorded release right now">≠ </span>}R-{release.release} · <Time at={release.since} form="age" />
          </>
        ) : (
          "no release yet"
        )}
      </span>
    </div>
  );
}

function GapHead({ gap }: { gap: PipelineGap }) {
  return (
    <div role="columnheader" className={classes(gutter, "flex items-center gap-2 px-2 py-1.5 text-center text-xs text-muted max-lg:justify-between max-lg:border-t max-lg:px-3.5 max-lg:text-left lg:flex-col lg:justify-center lg:gap-1")}>
      <span>
        <span className="lg:sr-only">
          {gap.from} → {gap.to}:{" "}
        </span>
        {gap.summary}
      </span>
      {gap.promote ? (
        <PlanButton request={gap.promote.request} tone="go" size="small" name={gap.promote.title} disabledBecause={gap.promote.disabledBecause}>
          {gap.promote.short}
        </PlanButton>
      ) : null}
    </div>
  );
}

function GapCell({ lines }: { lines: readonly string[] }) {
  return (
    <div role="cell" className={classes(gutter, "flex flex-col justify-center gap-0.5 border-t px-2 py-2 text-center text-xs max-lg:hidden [border-top-style:solid]", lines.length === 0 ? "text-faint" : "text-muted")}>
      {lines.length === 0 ? <span>the same</span> : lines.map((line) => <span key={line}>{line}</span>)}
    </div>
  );
}

import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { EnvironmentGuard, EnvironmentRelease } from "#lib/contracts/state.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { Time } from "#components/patterns/time.tsx";
import { GuardCell, WayBackCell } from "#components/overview/guard-rows.tsx";
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
  /** One shorter than `environments`; none where differences are not known. */
  gaps: readonly PipelineGap[];
  bigPods: readonly { name: string; title: string }[];
  states: readonly DisplayedState[];
  /** Null: not shown, with what they offer. */
  guards: readonly EnvironmentGuard[] | null;
}

type Column = { kind: "environment"; key: string; environment: PipelineEnvironment; index: number } | { kind: "gap"; key: string; gap: PipelineGap };

const block = "max-lg:block";
const gutter = "border-dashed border-line bg-sunk lg:w-[138px] lg:border-x";

/** Environments as columns, Big Pods as rows, and between two columns what differs with the button that promotes it. On a phone each row is a block of lines. */
export function Pipeline({ environments, gaps, bigPods, states, guards }: PipelineProps) {
  const columns = environments.flatMap((environment, index): Column[] => {
    const gap = gaps[index];
    const column: Column = { kind: "environment", key: environment.name, environment, index };
    return gap ? [column, { kind: "gap", key: `${gap.from} ${gap.to}`, gap }] : [column];
  });
  return (
    <div className="overflow-x-auto rounded-[10px] border border-line bg-panel">
      <table aria-label="Pipeline" className={classes("w-full border-collapse text-left lg:table-fixed", block, widthFor(environments.length))}>
        <thead className={block}>
          <tr className={block}>
            <th scope="col" className="bg-sunk max-lg:sr-only lg:w-[112px]">
              <span className="sr-only">Big Pod</span>
            </th>
            {columns.map((column) => (column.kind === "environment" ? <EnvironmentHead key={column.key} environment={column.environment} index={column.index} /> : <GapHead key={column.key} gap={column.gap} />))}
          </tr>
        </thead>
        <tbody className={block}>
          {bigPods.map((bigPod) => (
            <tr key={bigPod.name} className={block}>
              <th scope="row" className={classes("border-t border-line px-3.5 py-3 align-top font-semibold max-lg:bg-sunk max-lg:py-1.5", block)}>
                {bigPod.title}
              </th>
              {columns.map((column) =>
                column.kind === "gap" ? (
                  <GapCell key={column.key} lines={column.gap.lines[bigPod.name] ?? []} />
                ) : (
                  <PipelineCell
                    key={column.key}
                    bigPod={bigPod}
                    environment={column.environment}
                    state={states.find((state) => state.environment === column.environment.name && state.bigPod === bigPod.name) ?? null}
                    drift={guards?.find((guard) => guard.environment === column.environment.name)?.drift.find((one) => one.bigPod === bigPod.name) ?? null}
                  />
                ),
              )}
            </tr>
          ))}
        </tbody>
        {guards === null ? null : <tfoot className={block}>
          {footRows.map(([title, Cell]) => (
            <tr key={title} className={block}>
              <th scope="row" className={classes("border-t border-line bg-sunk px-3.5 py-2 align-top text-xs font-normal text-muted max-lg:pb-0.5", block)}>
                {title}
              </th>
              {columns.map((column) =>
                column.kind === "gap" ? (
                  <td key={column.key} aria-hidden className={classes(gutter, "border-t [border-top-style:solid] max-lg:hidden")} />
                ) : (
                  <Cell key={column.key} environment={column.environment} guard={guards.find((guard) => guard.environment === column.environment.name)} />
                ),
              )}
            </tr>
          ))}
        </tfoot>}
      </table>
    </div>
  );
}

const footRows = [
  ["Guards", GuardCell],
  ["Way back", WayBackCell],
] as const;

/** Beyond four environments the table scrolls rather than squeeze its columns. */
function widthFor(environments: number): string | null {
  if (environments <= 4) return null;
  return environments <= 6 ? "lg:min-w-[1900px]" : environments <= 9 ? "lg:min-w-[2900px]" : "lg:min-w-[3900px]";
}

const accents = ["bg-env-0", "bg-env-1", "bg-env-2", "bg-env-3"] as const;

function EnvironmentHead({ environment, index }: { environment: PipelineEnvironment; index: number }) {
  const { release } = environment;
  return (
    <th scope="col" aria-label={release ? `${environment.title}, R-${release.release}` : environment.title} className={classes("bg-sunk px-3.5 py-2 font-normal max-lg:border-t max-lg:border-line", index === 0 && "max-lg:border-t-0", block)}>
      <span className="flex items-center justify-between gap-2">
        <span className="inline-flex min-w-0 items-center gap-2 font-semibold">
          <span aria-hidden className={classes("size-2 shrink-0 rounded-[2px]", accents[index % accents.length])} />
          <span className="truncate">{environment.title}</span>
        </span>
        <span className="text-xs whitespace-nowrap text-muted">
          {release ? (
            <>
              {release.settled ? null : <span title="What runs differs from the recorded release right now">≠ </span>}R-{release.release} · <Time at={release.since} form="age" />
            </>
          ) : (
            "no release yet"
          )}
        </span>
      </span>
    </th>
  );
}

function GapHead({ gap }: { gap: PipelineGap }) {
  return (
    <th scope="col" className={classes(gutter, "px-2 py-1.5 text-xs font-normal text-muted max-lg:border-t max-lg:px-3.5", block)}>
      <span className="flex items-center gap-2 max-lg:justify-between lg:flex-col lg:gap-1 lg:text-center">
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
      </span>
    </th>
  );
}

function GapCell({ lines }: { lines: readonly string[] }) {
  return (
    <td className={classes(gutter, "border-t px-2 py-2 text-center align-middle text-xs max-lg:hidden [border-top-style:solid]", lines.length === 0 ? "text-faint" : "text-muted")}>
      {lines.length === 0
        ? "the same"
        : lines.map((line) => (
            <span key={line} className="block">
              {line}
            </span>
          ))}
    </td>
  );
}

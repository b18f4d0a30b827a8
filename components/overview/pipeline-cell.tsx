import Link from "next/link";
import { memo } from "react";
import type { Drift } from "#lib/contracts/drift.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { ageWords } from "#lib/domain/freshness.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import { driftShort } from "#components/drift/drift-words.ts";
import { ColourChip } from "#components/patterns/colour-chip.tsx";
import { ServiceChips } from "#components/patterns/service-chips.tsx";
import { Health } from "#components/patterns/status.tsx";
import { StatusIcon, toneWash } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { classes } from "#components/ui/classes.ts";

interface PipelineCellProps {
  bigPod: { name: string; title: string };
  environment: { name: string; title: string };
  /** Null before anything was ever seen of it. */
  state: DisplayedState | null;
  /** What runs other than it was applied; null when all is as wanted. */
  drift: Drift | null;
}

/** One Big Pod in one environment: status first, then what runs there and since when. The whole tile leads to its page. */
export const PipelineCell = memo(function PipelineCell({ bigPod, environment, state, drift }: PipelineCellProps) {
  const status = state?.status ?? "unknown";
  const { tone } = healthPresentation[status];
  const suffix = state?.stale ? `for ${ageWords(state.stale.seconds)}` : state?.rollout ? `${state.rollout.done}/${state.rollout.total}` : undefined;
  const why = state?.stale ? state.stale.why : state?.cause;
  return (
    <td data-status={status} data-cell={`${environment.name}/${bigPod.name}`} className={classes("relative border-t border-line px-3.5 py-3 align-top hover:bg-raised max-lg:block max-lg:py-2", toneWash[tone])}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-2">
        <span className="inline-flex items-baseline gap-2">
          <span className="w-16 truncate text-xs text-muted lg:hidden">{environment.title}</span>
          <Link href={`/big-pods/${environment.name}/${bigPod.name}`} prefetch={false} aria-label={`${bigPod.title} in ${environment.title}: ${healthPresentation[status].word}${suffix ? ` ${suffix}` : ""}`} className="after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent">
            <Health status={status} suffix={suffix} />
          </Link>
        </span>
        {state ? (
          <span className="text-muted">
            {state.version ?? "no version"}
            {state.rollout ? null : <span title="pods ready, of those wanted">{` · ${state.replicas.ready}/${state.replicas.desired}`}</span>}
            {state.stale ? null : (
              <span className="text-faint">
                {" · "}
                <Time at={state.since} form="age" />
              </span>
            )}
          </span>
        ) : null}
      </div>
      {state ? (
        <ServiceChips services={state.services} stale={status === "stale"} className={classes("mt-1.5 max-lg:ml-[4.5rem]", (status === "healthy" || status === "paused") && "max-lg:hidden")} />
      ) : (
        <p className="mt-1.5 text-xs text-muted">Not seen yet.</p>
      )}
      {state?.colour && !state.stale ? <ColourLine colour={state.colour} /> : null}
      {drift && !state?.stale ? (
        <p data-drifted="" className="mt-1.5 flex min-w-0 items-baseline gap-1 text-xs text-warn max-lg:ml-[4.5rem]">
          <StatusIcon shape="triangle" tone="warn" className="translate-y-0.5" />
          <span className="min-w-0 break-words">drifted: {driftShort(drift)}</span>
        </p>
      ) : null}
      {why ? <p className="mt-1.5 text-xs max-lg:ml-[4.5rem]">{why}</p> : null}
    </td>
  );
});

function ColourLine({ colour }: { colour: NonNullable<DisplayedState["colour"]> }) {
  return <ColourChip colour={colour} now={useNowMs()} className="relative mt-1 max-lg:ml-[4.5rem]" />;
}

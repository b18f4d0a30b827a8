import type { BigPodState } from "#lib/contracts/state.ts";
import { formatDuration } from "#components/patterns/duration.ts";
import { classes } from "#components/ui/classes.ts";

const fill = { blue: "bg-colour-blue", green: "bg-colour-green" } as const;
const edge = { blue: "border-colour-blue", green: "border-colour-green" } as const;

/** Which colour serves, and how long the other one is kept for a rollback that is one switch. Word and square, never colour alone. */
export function ColourChip({ colour, now, className }: { colour: NonNullable<BigPodState["colour"]>; now: number; className?: string }) {
  const other = colour.active === "blue" ? "green" : "blue";
  const { standby } = colour;
  const leftMs = standby.until === null ? null : Date.parse(standby.until) - now;
  return (
    <span className={classes("inline-flex flex-wrap items-baseline gap-x-2 text-xs", className)} data-colour={colour.active}>
      <span className="inline-flex items-baseline gap-1">
        <span aria-hidden className={classes("size-2 rounded-[2px]", fill[colour.active])} />
        {colour.active} serves
      </span>
      {standby.replicas > 0 ? (
        <span className="inline-flex items-baseline gap-1 text-muted" data-tip-time={standby.until ?? undefined}>
          <span aria-hidden className={classes("size-2 rounded-[2px] border", edge[other])} />
          {other} {standby.version === null ? "" : `${standby.version} `}
          {leftMs === null ? "comes up" : leftMs > 0 ? `kept ${formatDuration(leftMs)} more` : "is let go"}
          {standby.ready === standby.replicas ? "" : ` · ${standby.ready}/${standby.replicas}`}
        </span>
      ) : null}
    </span>
  );
}

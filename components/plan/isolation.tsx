import { ShieldOff } from "lucide-react";
import type { Plan } from "#lib/contracts/operation.ts";

/** What an isolation saves, cuts and keeps, before it is confirmed. Nothing for other plans. */
export function Isolation({ plan }: { plan: Plan }) {
  const change = plan.changes.find((candidate) => candidate.effect === "isolate");
  if (plan.kind !== "isolate" || change === undefined) return null;
  const rows = change.replicas === null ? network : zero;
  return (
    <div className="flex items-start gap-2.5 rounded-lg border border-hold bg-hold-wash px-3 py-2 text-sm" data-isolation={change.replicas === null ? "network" : "scale-to-zero"}>
      <ShieldOff aria-hidden className="mt-0.5 size-4 shrink-0 text-hold" />
      <dl className="grid min-w-0 grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5">
        {rows.map(([term, text]) => (
          <div key={term} className="contents">
            <dt className="font-semibold">{term}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const savedFirst = "logs of every container, also of the run before; pods, events, the workload. Values of environment variables are left out.";
const network: readonly (readonly [string, string])[] = [
  ["Saved first", savedFirst],
  ["Cut", "everything in and out of its pods, also to its databases and to other Big Pods."],
  ["Kept", "the pods go on running as they are, with what they hold in memory and on disk."],
  ["Afterwards", "it is shown as isolated until somebody lifts that."],
];
const zero: readonly (readonly [string, string])[] = [
  ["Saved first", savedFirst],
  ["Cut", "all its pods end: nothing of it runs any more."],
  ["Kept", "the workload, its configuration and its volumes; how many pods it had is remembered."],
  ["Afterwards", "it is shown as isolated until somebody lifts that."],
];

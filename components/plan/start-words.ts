import type { Plan } from "#lib/contracts/operation.ts";
import type { EnvironmentGuard, OperationSummary } from "#lib/contracts/state.ts";
import { formatInBothZones } from "#components/guards/zoned-time.ts";
import { holding } from "#components/plan/overrulable.ts";

/** What pressing the plan's button leads to, in the words of the button. */
export interface PlanStart {
  label: string;
  /** Sent with the confirmation, so that it waits for its window. */
  schedule: "next-window" | undefined;
  /** What it will wait for, in order; none when it runs at once. */
  waits: readonly string[];
  /** Null: it may be pressed. */
  disabledBecause: string | null;
}

interface Surroundings {
  /** Zone of the environment's window; UTC when it has none. */
  timeZone: string;
  /** The reader's own, null while it is not known. */
  here: string | null;
  nowMs: number;
  freeze: EnvironmentGuard["freeze"];
  /** Operations of the plan's environment that are not finished. */
  unfinished: readonly OperationSummary[];
}

/** The button says what will happen: it runs, it is asked for, it is scheduled, it queues. A refused plan says which gates refuse it. */
export function planStart(plan: Plan, surroundings: Surroundings): PlanStart {
  const { how, waits } = plan.start;
  if (how === "refused" || (how === "now" && !plan.ready)) return { label: plan.title, schedule: undefined, waits: [], disabledBecause: refusedBecause(plan, surroundings) };
  if (how === "now") return { label: plan.title, schedule: undefined, waits: [], disabledBecause: null };
  const window = waits.find((wait) => wait.for === "window");
  const opens = window?.until ? formatInBothZones(window.until, surroundings.timeZone, surroundings.here, surroundings.nowMs) : null;
  const deed = plan.title.charAt(0).toLowerCase() + plan.title.slice(1);
  const label = waits.some((wait) => wait.for === "approvals")
    ? `Ask for approval to ${deed}${window ? `, scheduled for ${opens ?? "the next window"}` : ""}`
    : window
      ? `Schedule for ${opens ?? "the next window"}`
      : `Queue behind ${ahead(surroundings.unfinished)}`;
  return { label, schedule: window ? "next-window" : undefined, waits: waits.map((wait) => wait.sentence), disabledBecause: null };
}

/** Which gates, and when that ends where a clock says so; the gates' own evidence says the rest. */
function refusedBecause(plan: Plan, { freeze, here, nowMs }: Surroundings): string {
  const gates = holding(plan.gates);
  if (gates.length === 0) return "Nothing would change.";
  const frozen = freeze !== null && gates.some((gate) => gate.name === "freeze");
  return `Not now: ${gates.map((gate) => gate.title).join(", ")}.${frozen ? ` “${freeze.name}” ends ${formatInBothZones(freeze.until, freeze.timeZone, here, nowMs)}.` : " Plan again when that has changed."}`;
}

/** The one right before, and how many more: what runs and what queues, in the order they were asked for. */
function ahead(unfinished: readonly OperationSummary[]): string {
  const inLine = unfinished.filter((operation) => operation.status === "running" || operation.status === "queued");
  const last = inLine.toSorted((a, b) => a.requestedAt.localeCompare(b.requestedAt)).at(-1);
  if (!last) return "what runs now";
  return inLine.length === 1 ? `“${last.title}”` : `“${last.title}” and ${inLine.length - 1} more`;
}

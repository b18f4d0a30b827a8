import type { Recovery } from "#lib/contracts/incident.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { listed } from "#lib/domain/gate.ts";
import { isolatedWords } from "#lib/domain/plan-isolation.ts";

/**
 * Whether an incident is over because of what was done about it. Recovered takes the wanted digests running, every service up, and no alert for so many
 * minutes, all of them known: what cannot be seen never says recovered.
 */

export interface RecoveryOperation {
  id: string;
  kind: string;
  release: number | null;
  finishedAt: Date;
  automatic: boolean;
  /** Digests that must run, by Big Pod and container; a Big Pod whose images were not to change is left out. */
  wanted: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Big Pods that must be well. */
  bigPods: readonly string[];
}

export interface RecoverySignal {
  title: string;
  kind: string;
  state: "pending" | "firing" | "ended";
  endedAt: Date | null;
}

export interface RecoveryFacts {
  operation: RecoveryOperation;
  /** State of each Big Pod as it is known now, or why it is not. */
  states: ReadonlyMap<string, BigPodState | { unseen: string }>;
  signals: readonly RecoverySignal[];
  /** Why alerts would not be heard of now; null: they would be. */
  blind: string | null;
  verifyMinutes: number;
  previous: Recovery | null;
  now: Date;
}

type Check = Recovery["checks"][number];

/**
 * The next recovery. Verifying until everything has been well for the whole time; not recovered when that time is over and something is not. Later it may still
 * turn to recovered, which is then said as what it is: alerts look back over minutes themselves.
 */
export function recoveryOf(facts: RecoveryFacts): Recovery {
  const { operation, previous, now } = facts;
  const checks = [digests(facts), services(facts), alerts(facts)];
  const own = previous !== null && previous.operationId === operation.id ? previous : null;
  const wellSince = checks.every((check) => check.ok === true) ? latest([operation.finishedAt, ...facts.signals.flatMap((signal) => signal.endedAt ?? []), ...serviceTimes(facts)]) : null;
  const wellMs = wellSince === null ? 0 : now.getTime() - wellSince.getTime();
  const neededMs = facts.verifyMinutes * 60_000;
  const done = doneWords(operation);
  const base = { operationId: operation.id, checks, since: operation.finishedAt.toISOString() };
  if (own?.state === "recovered") return own;
  if (wellSince !== null && wellMs >= neededMs) {
    const late = own?.state === "not-recovered" ? `, after ${span(now.getTime() - operation.finishedAt.getTime())}` : "";
    return { ...base, state: "recovered", until: now.toISOString(), sentence: `${done}, recovered${late}: ${checks.map((check) => check.detail).join(", ")}` };
  }
  const overdue = now.getTime() - operation.finishedAt.getTime() >= neededMs;
  const bad = checks.filter((check) => check.ok !== true);
  if (overdue && bad.length > 0) {
    // Once it is said, only what it says moves: the time it was first said stays.
    const until = own?.state === "not-recovered" && own.until !== null ? own.until : now.toISOString();
    return { ...base, state: "not-recovered", until, sentence: `${done}, not recovered: ${bad.map((check) => check.detail).join("; ")} after ${span(neededMs)}` };
  }
  if (own?.state === "not-recovered") return { ...own, checks };
  const soFar = bad.length > 0 ? bad.map((check) => check.detail).join("; ") : `all is well for ${span(wellMs)} of ${span(neededMs)}`;
  return { ...base, state: "verifying", until: new Date((wellSince ?? operation.finishedAt).getTime() + neededMs).toISOString(), sentence: `${done}, verifying: ${soFar}` };
}

/** Whether anybody has to be told: the state, or what is wrong, is another; a minute that passes is not. */
export function recoveryMoved(before: Recovery | null, after: Recovery): boolean {
  if (before === null || before.operationId !== after.operationId || before.state !== after.state || before.until !== after.until) return true;
  return before.checks.some((check, index) => check.ok !== after.checks[index]?.ok || check.detail !== after.checks[index]?.detail);
}

function digests({ operation, states }: RecoveryFacts): Check {
  const wrong: string[] = [];
  const unknown: string[] = [];
  for (const [bigPod, wanted] of operation.wanted) {
    const state = states.get(bigPod);
    if (state === undefined || "unseen" in state) {
      unknown.push(state?.unseen ?? `nothing is known of ${bigPod}`);
      continue;
    }
    for (const [container, digest] of Object.entries(wanted)) {
      const runs = state.images.find((image) => image.container === container)?.digest ?? null;
      if (runs === null) unknown.push(`which image ${bigPod}/${container} runs is not known`);
      else if (runs !== digest) wrong.push(`${bigPod}/${container} runs ${runs.slice(0, 19)}, not ${digest.slice(0, 19)}`);
    }
  }
  if (wrong.length > 0) return { name: "digests", ok: false, detail: wrong.slice(0, 3).join(", ") };
  if (unknown.length > 0) return { name: "digests", ok: null, detail: unknown.slice(0, 3).join(", ") };
  return { name: "digests", ok: true, detail: operation.wanted.size === 0 ? "no image was to change" : "digests run" };
}

function services({ operation, states }: RecoveryFacts): Check {
  const wrong: string[] = [];
  const unknown: string[] = [];
  for (const bigPod of operation.bigPods) {
    const state = states.get(bigPod);
    if (state === undefined || "unseen" in state) unknown.push(state?.unseen ?? `nothing is known of ${bigPod}`);
    else if (state.isolation != null) wrong.push(`${bigPod} is ${isolatedWords(state.isolation)}`);
    else if (state.replicas.desired === 0) wrong.push(`${bigPod} is scaled to 0`);
    else if (state.status === "stale" || state.status === "unknown") unknown.push(state.cause ?? `whether ${bigPod} is well is not known`);
    else if (state.status === "broken" || state.status === "paused") wrong.push(state.cause ?? `${bigPod} is ${state.status}`);
    else if (state.replicas.ready < state.replicas.desired) wrong.push(`${state.replicas.ready} of ${state.replicas.desired} pods of ${bigPod} are ready`);
    else {
      const down = state.services.filter((service) => service.status === "down" || service.status === "degraded" || service.status === "starting");
      const unasked = state.services.filter((service) => service.status === "unknown");
      if (down.length > 0) wrong.push(`${listed(down.map((service) => service.name))} of ${bigPod} ${down.length === 1 ? "is" : "are"} not up`);
      else if (unasked.length > 0) unknown.push(`nobody knows how ${listed(unasked.map((service) => service.name))} of ${bigPod} ${unasked.length === 1 ? "is" : "are"}`);
    }
  }
  if (wrong.length > 0) return { name: "services", ok: false, detail: wrong.slice(0, 3).join(", ") };
  if (unknown.length > 0) return { name: "services", ok: null, detail: unknown.slice(0, 3).join(", ") };
  return { name: "services", ok: true, detail: "services up" };
}

/** Signals of the incident, whatever tells of them. One that is pending is not quiet: it may fire in the next moment. */
function alerts({ signals, blind }: RecoveryFacts): Check {
  const loud = signals.filter((signal) => signal.state !== "ended");
  if (loud.length > 0) {
    const firing = loud.filter((signal) => signal.state === "firing");
    const names = [...new Set((firing.length > 0 ? firing : loud).map((signal) => signal.title))];
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    return { name: "alerts", ok: false, detail: firing.length > 0 ? `${names.slice(0, 3).join(", ")}${more} still ${names.length === 1 ? "fires" : "fire"}` : `${names.slice(0, 3).join(", ")}${more} ${names.length === 1 ? "is" : "are"} pending` };
  }
  if (blind !== null) return { name: "alerts", ok: null, detail: blind };
  return { name: "alerts", ok: true, detail: "alerts quiet" };
}

/** A Big Pod that became well a moment ago has not been well since the operation ended. */
function serviceTimes({ operation, states }: RecoveryFacts): Date[] {
  return operation.bigPods.flatMap((bigPod) => {
    const state = states.get(bigPod);
    return state === undefined || "unseen" in state ? [] : [new Date(state.since)];
  });
}

function latest(times: readonly Date[]): Date {
  return new Date(Math.max(...times.map((time) => time.getTime())));
}

function doneWords({ kind, release }: RecoveryOperation): string {
  switch (kind) {
    case "rollback":
      return release === null ? "rolled back" : `rolled back to R-${release}`;
    case "restart":
      return "restarted";
    case "scale":
      return "scaled";
    case "lift-isolation":
      return "isolation lifted";
    case "promotion":
      return release === null ? "promoted" : `R-${release} promoted`;
    default:
      return "done";
  }
}

/** "2 min", "45 s" */
function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return seconds < 120 && seconds % 60 !== 0 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

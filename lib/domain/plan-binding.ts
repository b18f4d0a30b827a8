import type { PlanTarget, GateResult } from "#lib/contracts/operation.ts";
import type { BigPodState, RunningImage } from "#lib/contracts/state.ts";
import { gateKey } from "#lib/domain/gate-policy.ts";
import { currentReference } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

/**
 * What a plan's hash stands for, and so what a confirmation confirms: the kind, the environment, each workload by uid and generation
 * (any edit of its spec moves the generation), the images it ran, everything that will be written, and which gates were asked by which rule.
 * Verdicts, times and sentences are left out: they are judged anew when the plan is confirmed.
 */
export interface PlanBinding {
  version: 1;
  kind: string;
  environment: string;
  from: string | null;
  targets: { bigPod: string; workload: PlanTarget["workload"]; images: Record<string, string>; write: PlanTarget["write"]; /** Blue-green: the other colour, both Services, the autoscalers. Left out elsewhere. */ colour?: NonNullable<PlanTarget["colour"]> }[];
  gates: string[];
}

export function planBinding(kind: string, facts: EnvironmentFacts, from: string | null, targets: readonly PlanTarget[], gates: readonly GateResult[]): PlanBinding {
  return {
    version: 1,
    kind,
    environment: facts.name,
    from,
    targets: targets.map(({ bigPod, workload, write, colour }) => ({
      bigPod,
      workload,
      images: write.effect === "isolate" || write.effect === "lift-isolation" ? {} : imagesOf(facts.states.get(bigPod)?.images ?? []),
      write,
      ...(colour === null ? {} : { colour }),
    })),
    gates: gates.map(gateKey),
  };
}

/** Workload and images of every Big Pod as the facts have them, targets or not: what a binding's targets were made from. */
export type BoundFacts = ReadonlyMap<string, Pick<PlanBinding["targets"][number], "workload" | "images">>;

export function boundFacts(facts: EnvironmentFacts): BoundFacts {
  return new Map([...facts.states].flatMap(([bigPod, state]) => (state.workload === null ? [] : [[bigPod, { workload: boundWorkload(state, state.workload), images: imagesOf(state.images) }] as const])));
}

/** What a rollback writes to: under blue-green the idle colour. */
function boundWorkload({ colour }: BigPodState, { name, uid, generation }: NonNullable<BigPodState["workload"]>): PlanTarget["workload"] {
  if (colour?.parts === undefined) return { name, uid, generation };
  return { name: colour.standby.workload, uid: colour.parts.idle.uid, generation: colour.parts.idle.generation };
}

/**
 * Whether a rollback that was shown may still run as shown, although a plan made now would be smaller: a rollback planned while the environment was
 * unsettled promises to compare each Big Pod with the cluster and to leave alone what is as recorded. Once the environment has settled, the new plan knows
 * more, but nothing has moved: same workloads, same generations, same images, same record to restore.
 */
export function knowsMoreOnly(shown: PlanBinding, now: PlanBinding, facts: BoundFacts): boolean {
  if (shown.kind !== "rollback" || now.kind !== "rollback" || shown.gates.join() !== now.gates.join()) return false;
  if (now.targets.some((target) => !shown.targets.some((candidate) => candidate.bigPod === target.bigPod))) return false;
  return shown.targets.every((target) => {
    const runs = facts.get(target.bigPod);
    const again = now.targets.find((candidate) => candidate.bigPod === target.bigPod);
    return runs !== undefined && sameJson(runs.workload, target.workload) && sameJson(runs.images, target.images) && (again === undefined || sameJson(withoutRestart(again.write), withoutRestart(target.write)));
  });
}

/** What may be said of a plan that is made again when the turn of its operation has come. */
export interface TurnBinding {
  /** It waited (approvals, a window, others): then edits that left images and everything to be written alone are no obstacle. */
  waited: boolean;
  /** A rollback that had what ran before it aborted: what runs now cannot be what it was planned against. */
  preempted: boolean;
}

/**
 * Whether an operation may begin now, and by which targets. `shown`: exactly those that were confirmed. `fresh`: those of the plan made again,
 * because only generations moved, or because a pre-empting rollback restores the same contents whatever runs now. Null: the world has moved.
 */
export function turnTargets(shown: PlanBinding, now: PlanBinding, facts: BoundFacts, { waited, preempted }: TurnBinding): "shown" | "fresh" | null {
  if (sameJson(shown, now) || knowsMoreOnly(shown, now, facts)) return "shown";
  if (waited && sameJson(withoutGenerations(shown), withoutGenerations(now))) return "fresh";
  return preempted && restoresTheSame(shown, now) ? "fresh" : null;
}

/**
 * A release's content in an environment is sealed under its number, so a Big Pod that was not to be touched before is restored to what was shown for the
 * whole, and so is one for which a switch of colours was enough then, or is enough now.
 */
function restoresTheSame(shown: PlanBinding, now: PlanBinding): boolean {
  if (shown.kind !== "rollback" || now.kind !== "rollback" || shown.environment !== now.environment) return false;
  return now.targets.every((target) => {
    const before = shown.targets.find((candidate) => candidate.bigPod === target.bigPod);
    if (before === undefined) return true;
    if (before.workload.name === target.workload.name && before.workload.uid !== target.workload.uid) return false;
    return [before, target].some(({ write }) => write.effect === "switch") || sameJson(withoutRestart(before.write), withoutRestart(target.write));
  });
}

/** Generations count every edit of a workload's spec, also those of fields that an operation neither reads nor writes. */
function withoutGenerations(binding: PlanBinding): unknown {
  return { ...binding, targets: binding.targets.map(({ write, ...rest }) => ({ ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, ungenerated(value)])), write: withoutRestart(write) })) };
}

function ungenerated(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === "generation" ? 0 : ungenerated(inner)]));
}

/** Whether a restart is needed is judged by the executor from what it reads, so it is no promise of the plan. */
function withoutRestart(write: PlanTarget["write"]): unknown {
  return write.effect === "restore" ? { ...write, restart: false } : write;
}

function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

/** Sentences that say how the world moved between two bindings of one request; empty only when they are the same. */
export function bindingDifference(shown: PlanBinding, now: PlanBinding): string[] {
  const lines: string[] = [];
  for (const target of shown.targets) {
    const current = now.targets.find((candidate) => candidate.bigPod === target.bigPod);
    if (current === undefined) {
      lines.push(`${target.bigPod} would no longer be changed: it already is as planned, or cannot be seen`);
      continue;
    }
    if (current.workload.uid !== target.workload.uid) lines.push(`${target.bigPod}: the workload ${target.workload.name} was deleted and made anew`);
    else if (current.workload.generation !== target.workload.generation) lines.push(`${target.bigPod}: the workload was edited (generation ${target.workload.generation} → ${current.workload.generation})`);
    lines.push(...colourLines(target, current));
    lines.push(...imageLines(`${target.bigPod} runs`, target.images, current.images));
    if (target.write.effect === "images" && current.write.effect === "images") lines.push(...imageLines(`${target.bigPod} would get`, target.write.images, current.write.images));
    else if (JSON.stringify(target.write) !== JSON.stringify(current.write)) lines.push(`${target.bigPod}: something else would be written`);
  }
  for (const target of now.targets) if (!shown.targets.some((candidate) => candidate.bigPod === target.bigPod)) lines.push(`${target.bigPod} would be changed too`);
  if (lines.length === 0 && shown.gates.join() !== now.gates.join()) lines.push("other gates are asked now");
  return lines;
}

function colourLines({ bigPod, colour: shown }: PlanBinding["targets"][number], { colour: now }: PlanBinding["targets"][number]): string[] {
  if (sameJson(shown ?? null, now ?? null)) return [];
  if (shown === undefined || now === undefined) return [`${bigPod}: the strategy of its environment was changed`];
  if (shown.active !== now.active) return [`${bigPod}: ${now.active} serves now, not ${shown.active}`];
  const lines: string[] = [];
  if (shown.activeWorkload.uid !== now.activeWorkload.uid) lines.push(`${bigPod}: the workload ${shown.activeWorkload.name} was deleted and made anew`);
  else if (shown.activeWorkload.generation !== now.activeWorkload.generation) lines.push(`${bigPod}: the workload ${shown.activeWorkload.name} was edited (generation ${shown.activeWorkload.generation} → ${now.activeWorkload.generation})`);
  if (shown.service.uid !== now.service.uid || shown.previewService.uid !== now.previewService.uid) lines.push(`${bigPod}: a Service was deleted and made anew`);
  if (!sameJson(shown.autoscalers, now.autoscalers)) lines.push(`${bigPod}: other autoscalers scale ${now.activeWorkload.name}`);
  return lines.length > 0 ? lines : [`${bigPod}: what would be switched has changed`];
}

function imageLines(what: string, shown: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(shown), ...Object.keys(now)])]
    .filter((container) => shown[container] !== now[container])
    .map((container) => `${what} ${now[container] ?? "nothing"} in ${container}, not ${shown[container] ?? "nothing"}`);
}

function imagesOf(images: readonly RunningImage[]): Record<string, string> {
  return Object.fromEntries(images.map((image) => [image.container, currentReference(image)]));
}

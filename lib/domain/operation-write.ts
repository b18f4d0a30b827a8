import type { PlanTarget } from "#lib/contracts/operation.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { configMapChanges, restartAnnotation, sameTemplate, templateImages } from "#lib/domain/template-diff.ts";

/** The part of a Deployment's spec that operations touch. */
export interface LiveWorkload {
  template: Record<string, unknown>;
  replicas: number;
}

/** What to do with a workload that was just read, so that it becomes as wanted. */
export type WriteDecision =
  | { do: "nothing"; why: string }
  /** Strategic merge of `spec`. */
  | { do: "merge"; spec: Record<string, unknown> }
  /** The whole template is replaced. */
  | { do: "replace"; template: Record<string, unknown> }
  /** Neither as it was nor as wanted: somebody else wrote it. */
  | { do: "stop"; why: string };

const foreign: WriteDecision = { do: "stop", why: "it was changed by somebody else meanwhile" };

/** Forward: from `target.before` to `target.write`. `mark` is the restart mark of this operation: a fixed time, so that a repeated step writes the same. */
export function forwardDecision(target: PlanTarget, live: LiveWorkload, mark: string): WriteDecision {
  const { write, before } = target;
  switch (write.effect) {
    case "images":
      return imagesDecision(live, write.images, beforeImages(target));
    case "restore": {
      const restart = restartNeeded(target);
      if (sameTemplate(live.template, write.template) && (!restart || restartMark(live.template) === mark)) return { do: "nothing", why: restart ? "already restored" : "already as recorded: not touched" };
      if (!sameTemplate(live.template, before.template) && !sameTemplate(live.template, write.template)) return foreign;
      return restart ? { do: "merge", spec: restartSpec(mark) } : { do: "replace", template: write.template };
    }
    case "restart":
      return restartMark(live.template) === mark ? { do: "nothing", why: "already restarted" } : { do: "merge", spec: restartSpec(mark) };
    case "scale":
      if (live.replicas === write.replicas) return { do: "nothing", why: `already ${write.replicas} replicas` };
      return live.replicas === before.replicas ? { do: "merge", spec: { replicas: write.replicas } } : foreign;
    case "switch":
    case "stand-down":
    case "isolate":
    case "lift-isolation":
      return { do: "nothing", why: "its template stays as it is" };
    default:
      return assertNever(write);
  }
}

/** Back: from what this operation wrote to `target.before`. What was never written is left alone, and so is what somebody else wrote since. */
export function returnDecision(target: PlanTarget, live: LiveWorkload, mark: string): WriteDecision {
  const { write, before } = target;
  switch (write.effect) {
    case "images":
      return imagesDecision(live, beforeImages(target), write.images);
    case "restore": {
      const marked = restartMark(live.template) === mark;
      if (sameTemplate(live.template, before.template) && !marked) return { do: "nothing", why: "it is as it was before" };
      return sameTemplate(live.template, write.template) ? { do: "replace", template: before.template } : foreign;
    }
    case "restart":
      return restartMark(live.template) === mark ? { do: "merge", spec: restartSpec(restartMark(before.template) ?? null) } : { do: "nothing", why: "it is as it was before" };
    case "scale":
      if (live.replicas === before.replicas) return { do: "nothing", why: "it is as it was before" };
      return live.replicas === write.replicas ? { do: "merge", spec: { replicas: before.replicas } } : foreign;
    case "switch":
    case "stand-down":
    case "isolate":
    case "lift-isolation":
      return { do: "nothing", why: "its template stays as it is" };
    default:
      return assertNever(write);
  }
}

function imagesDecision(live: LiveWorkload, wanted: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>>): WriteDecision {
  const now = templateImages(live.template);
  const names = Object.keys(wanted);
  if (names.every((name) => now[name] === wanted[name])) return { do: "nothing", why: "it already has these images" };
  if (!names.every((name) => now[name] === expected[name] || now[name] === wanted[name])) return foreign;
  const spec = live.template.spec;
  const lists = ["containers", "initContainers"].flatMap((list) => {
    const members = typeof spec === "object" && spec !== null && list in spec ? (spec as Record<string, unknown>)[list] : []; // narrowed just before
    const present = (Array.isArray(members) ? members : []).map((member: { name?: unknown }) => member.name);
    const named = names.filter((name) => present.includes(name)).map((name) => ({ name, image: wanted[name] }));
    return named.length === 0 ? [] : [[list, named] as const];
  });
  return { do: "merge", spec: { template: { spec: Object.fromEntries(lists) } } };
}

function beforeImages(target: PlanTarget): Record<string, string> {
  const all = templateImages(target.before.template);
  const names = target.write.effect === "images" ? Object.keys(target.write.images) : [];
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

/** A ConfigMap changed alone does not make new pods; then the operation restarts them. Judged from what was read at the first step. */
export function restartNeeded({ write, before }: PlanTarget): boolean {
  return write.effect === "restore" && configMapChanges(before.configMaps, write.configMaps).length > 0 && sameTemplate(before.template, write.template);
}

export function restartMark(template: Readonly<Record<string, unknown>>): string | undefined {
  const metadata = template.metadata;
  if (typeof metadata !== "object" || metadata === null || !("annotations" in metadata)) return undefined;
  const annotations = metadata.annotations;
  if (typeof annotations !== "object" || annotations === null) return undefined;
  const mark = (annotations as Record<string, unknown>)[restartAnnotation]; // narrowed just before
  return typeof mark === "string" ? mark : undefined;
}

function restartSpec(mark: string | null): Record<string, unknown> {
  return { template: { metadata: { annotations: { [restartAnnotation]: mark } } } };
}

/** Whether a target ends up with another template than it has: what `restore` leaves alone needs no rollout. */
export function touchesNothing(target: PlanTarget): boolean {
  return target.write.effect === "restore" && sameTemplate(target.before.template, target.write.template) && !restartNeeded(target);
}


import type { PlanTarget, GateResult } from "#lib/contracts/operation.ts";
import { currentReference } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

/**
 * What a plan's hash stands for, and so what a confirmation confirms: the kind, the environment, each workload by uid and generation
 * (any edit of its spec moves the generation), the images it ran, everything that will be written, and which gates were asked.
 * Verdicts, times and sentences are left out: they are judged anew when the plan is confirmed.
 */
export interface PlanBinding {
  version: 1;
  kind: string;
  environment: string;
  from: string | null;
  targets: { bigPod: string; workload: PlanTarget["workload"]; images: Record<string, string>; write: PlanTarget["write"] }[];
  gates: string[];
}

export function planBinding(kind: string, facts: EnvironmentFacts, from: string | null, targets: readonly PlanTarget[], gates: readonly GateResult[]): PlanBinding {
  return {
    version: 1,
    kind,
    environment: facts.name,
    from,
    targets: targets.map(({ bigPod, workload, write }) => ({
      bigPod,
      workload,
      images: Object.fromEntries((facts.states.get(bigPod)?.images ?? []).map((image) => [image.container, currentReference(image)])),
      write,
    })),
    gates: gates.map((gate) => gate.name),
  };
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
    lines.push(...imageLines(`${target.bigPod} runs`, target.images, current.images));
    if (target.write.effect === "images" && current.write.effect === "images") lines.push(...imageLines(`${target.bigPod} would get`, target.write.images, current.write.images));
    else if (JSON.stringify(target.write) !== JSON.stringify(current.write)) lines.push(`${target.bigPod}: something else would be written`);
  }
  for (const target of now.targets) if (!shown.targets.some((candidate) => candidate.bigPod === target.bigPod)) lines.push(`${target.bigPod} would be changed too`);
  if (lines.length === 0 && shown.gates.join() !== now.gates.join()) lines.push("other gates are asked now");
  return lines;
}

function imageLines(what: string, shown: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(shown), ...Object.keys(now)])]
    .filter((container) => shown[container] !== now[container])
    .map((container) => `${what} ${now[container] ?? "nothing"} in ${container}, not ${shown[container] ?? "nothing"}`);
}

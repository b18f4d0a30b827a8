import type { PlanTarget } from "#lib/contracts/operation.ts";
import { otherColour, scaledDeployment, selectedColour } from "#lib/domain/colour.ts";
import type { Colour } from "#lib/domain/colour.ts";
import { composedTemplate } from "#lib/domain/colour-write.ts";
import { templateImages } from "#lib/domain/template-diff.ts";
import type { ConfigMapContent } from "#lib/domain/template-diff.ts";
import { autoscalers, colourOf, previewService, readBound, servingService } from "#lib/worker/operations/colour-objects.ts";
import type { Bound } from "#lib/worker/operations/colour-objects.ts";
import { lastManager, readConfigMap, readWorkload } from "#lib/worker/operations/objects.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/**
 * First look at a Big Pod with two colours: both Deployments, both Services and the autoscalers are those of the plan, at the plan's generations. Keeps
 * what the idle colour is now, and makes the write whole: the template that the idle colour will run, from the one that serves. Throws StepFailed.
 */
export async function lookAtColours(run: Run, target: PlanTarget, deadline: number): Promise<PlanTarget> {
  if (target.write.effect === "stand-down") return target; // Judged when it is done: only what is idle then is scaled down.
  const colour = colourOf(target);
  const idle = await readWorkload(run, target, deadline);
  sameGeneration(target.workload, idle.object.metadata.generation, lastManager(idle.object));
  const serving = await readWorkload(run, { bigPod: target.bigPod, workload: colour.activeWorkload }, deadline);
  sameGeneration(colour.activeWorkload, serving.object.metadata.generation, lastManager(serving.object));
  if (idle.paused) throw new StepFailed(`the rollouts of ${target.workload.name} are paused (spec.paused): resume them with \`kubectl rollout resume\``);
  await leadsTo(run, servingService(colour), colour.label, colour.active, deadline);
  await leadsTo(run, previewService(colour), colour.label, otherColour(colour.active), deadline);
  for (const bound of await autoscalers(run, colour, deadline)) {
    const scales = scaledDeployment(await readBound(run, bound, deadline));
    if (scales !== colour.activeWorkload.name) throw new StepFailed(`${bound.words} scales ${scales ?? "nothing that is known"} now, not ${colour.activeWorkload.name}`);
  }
  const { write } = target;
  if (write.effect === "images") {
    const present = templateImages(serving.template);
    const missing = Object.keys(write.images).filter((name) => present[name] === undefined);
    if (missing.length > 0) throw new StepFailed(`${target.bigPod} has no container ${missing.join(", ")} any more`);
  }
  const configMaps: ConfigMapContent[] = [];
  if (write.effect === "restore") {
    for (const { name } of write.configMaps) {
      const found = await readConfigMap(run, name, deadline);
      if (found !== null) configMaps.push(found.content);
    }
  }
  const whole: PlanTarget["write"] = write.effect === "switch" ? write : { effect: "restore", template: composedTemplate(target, serving.template), configMaps: write.effect === "restore" ? write.configMaps : [], restart: false };
  return { ...target, before: { template: idle.template, configMaps, replicas: idle.replicas }, write: whole, colour: { ...colour, replicas: serving.replicas } };
}

function sameGeneration(bound: { name: string; generation: number }, now: number | undefined, manager: string): void {
  if (now !== bound.generation) throw new StepFailed(`${bound.name} was edited since the plan was made (generation ${bound.generation} → ${now ?? 0}, last written by ${manager})`);
}

async function leadsTo(run: Run, bound: Bound, label: string, wanted: Colour, deadline: number): Promise<void> {
  const service = await readBound(run, bound, deadline);
  const now = selectedColour(service, label);
  if (now === wanted) return;
  const what = now === null ? "no colour" : typeof now === "object" ? now.unknown : now;
  throw new StepFailed(`${bound.words} selects ${what} now, not ${wanted} (last written by ${lastManager(service)})`);
}

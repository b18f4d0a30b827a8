import type { PlanTarget } from "#lib/contracts/operation.ts";
import { templateImages, withImages } from "#lib/domain/template-diff.ts";
import type { ConfigMapContent } from "#lib/domain/template-diff.ts";
import { digestOf, pinnedReference } from "#lib/domain/plan-facts.ts";
import { lookAtColours } from "#lib/worker/operations/colour-check.ts";
import { isIsolation } from "#lib/domain/isolation-steps.ts";
import { lookAtIsolation } from "#lib/worker/operations/isolation-check.ts";
import { lastManager, readConfigMap, readWorkload } from "#lib/worker/operations/objects.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/**
 * First step: looks at every target in the cluster and keeps what is there (template, ConfigMaps, replicas) before anything is written,
 * so that whoever has to return it can, after any crash. Throws StepFailed when a target is not the one the plan was made against.
 */
export async function check(run: Run, deadline: number): Promise<string> {
  const kept: PlanTarget[] = [];
  for (const target of run.journal.targets()) kept.push(await (isIsolation(target) ? lookAtIsolation(run, target, deadline) : (target.colour === null ? look : lookAtColours)(run, target, deadline)));
  await run.journal.keepBefore(kept);
  return kept.map((target) => `${target.colour === null ? target.bigPod : target.workload.name} is at generation ${target.workload.generation}, as planned`).join("; ");
}

async function look(run: Run, target: PlanTarget, deadline: number): Promise<PlanTarget> {
  const live = await readWorkload(run, target, deadline);
  const generation = live.object.metadata.generation ?? 0;
  if (generation !== target.workload.generation) {
    throw new StepFailed(`${target.bigPod} was edited since the plan was made (generation ${target.workload.generation} → ${generation}, last written by ${lastManager(live.object)})`);
  }
  if (live.paused && target.write.effect !== "scale") throw new StepFailed(`the rollouts of ${target.bigPod} are paused (spec.paused): resume them with \`kubectl rollout resume\``);
  if (target.write.effect === "images") {
    const present = templateImages(live.template);
    const missing = Object.keys(target.write.images).filter((name) => present[name] === undefined);
    if (missing.length > 0) throw new StepFailed(`${target.bigPod} has no container ${missing.join(", ")} any more`);
  }
  const configMaps: ConfigMapContent[] = [];
  if (target.write.effect === "restore") {
    for (const { name } of target.write.configMaps) {
      const found = await readConfigMap(run, name, deadline);
      if (found !== null) configMaps.push(found.content);
    }
  }
  return asLive(run, { ...target, before: { template: live.template, configMaps, replicas: live.replicas } });
}

/**
 * The recorded template, with its images written as the live template writes them where both are the same image: a tag whose pods run the
 * recorded digest is no difference, and must not restart anything.
 */
function asLive(run: Run, target: PlanTarget): PlanTarget {
  if (target.write.effect !== "restore") return target;
  const running = run.view.state(target.bigPod)?.images ?? [];
  const [live, recorded] = [templateImages(target.before.template), templateImages(target.write.template)];
  const same: Record<string, string> = {};
  for (const image of running) {
    const digest = digestOf(image);
    const now = live[image.container];
    if (now !== undefined && digest !== null && recorded[image.container]?.endsWith(`@${digest}`) === true && now === image.reference && now !== pinnedReference({ ...image, digest })) same[image.container] = now;
  }
  return Object.keys(same).length === 0 ? target : { ...target, write: { ...target.write, template: withImages(target.write.template, same) } };
}

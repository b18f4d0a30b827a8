import type { PlanTarget } from "#lib/contracts/operation.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { isServing, maximumTries } from "#lib/worker/operations/colour-objects.ts";
import { readWorkload } from "#lib/worker/operations/objects.ts";
import { afterFailedWrite, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { marks, preconditions } from "#lib/worker/operations/write.ts";

/**
 * Scales a kept colour to 0. Looks right before it and right after it whether the Service leads there: a switch by hand in that moment gets its pods back.
 * Throws StepFailed and ClaimLost.
 */
export async function standDown(run: Run, target: PlanTarget, deadline: number): Promise<string> {
  const { name } = target.workload;
  for (let tries = 1; ; tries += 1) {
    if (await isServing(run, target, deadline)) return `${name} serves again: left alone`;
    const live = await readWorkload(run, target, deadline);
    if (live.replicas === 0) return `${name} has no pods`;
    if (tries > maximumTries) throw new StepFailed(`${name} could not be scaled down: somebody else writes it again and again`);
    await run.keeper.hold();
    try {
      await scale(run, target, live.object, 0);
    } catch (error) {
      await afterFailedWrite(`scale Deployment ${name}`, error, tries, deadline, run.keeper.lost);
      continue;
    }
    if (!(await isServing(run, target, deadline))) return `${name} was scaled from ${live.replicas} to 0`;
    const again = await readWorkload(run, target, deadline);
    await scale(run, target, again.object, live.replicas);
    return `${name} was switched to in the same moment: it has its ${live.replicas} pods back`;
  }
}

async function scale(run: Run, target: PlanTarget, object: Parameters<typeof preconditions>[0], replicas: number): Promise<void> {
  await run.cluster.patch(kinds.deployments, run.environment.namespace, target.workload.name, "merge", { metadata: { ...preconditions(object), annotations: marks(run) }, spec: { replicas } });
}

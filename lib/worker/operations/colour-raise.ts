import type { PlanTarget } from "#lib/contracts/operation.ts";
import { raiseDecision, unraiseDecision } from "#lib/domain/colour-write.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { isOurs, isServing, maximumTries } from "#lib/worker/operations/colour-objects.ts";
import { lastManager, readWorkload } from "#lib/worker/operations/objects.ts";
import { afterFailedWrite, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { marks } from "#lib/worker/operations/write.ts";

/**
 * Gives the idle colour its template and its number of pods in one write, or gives back what it was. Read, judge, ask for the lease, write; after anything
 * but a clear answer it is read again. Never touches a Deployment that the Service leads to. Throws StepFailed (nothing was written) and ClaimLost.
 */
export async function writeIdle(run: Run, target: PlanTarget, direction: "forward" | "return", deadline: number): Promise<string> {
  const { name } = target.workload;
  let tried = false;
  for (let tries = 1; ; tries += 1) {
    if (await isServing(run, target, deadline)) throw new StepFailed(`${name} is left as it is: the Service leads to it now`);
    const live = await readWorkload(run, target, deadline);
    const decision = direction === "forward" ? raiseDecision(target, live, run.restartMark) : unraiseDecision(target, live, run.restartMark);
    if (decision.do === "nothing") {
      if (!isOurs(run, live.object)) return `${name}: ${decision.why}`;
      return tried ? `the write had arrived: ${name} is at generation ${live.object.metadata.generation ?? 0}` : `${name} was found as this operation had written it: generation ${live.object.metadata.generation ?? 0}`;
    }
    if (decision.do === "stop") throw new StepFailed(`${name} is left as it is: ${decision.why} (last written by ${lastManager(live.object)})`);
    if (tries > maximumTries) throw new StepFailed(`${name} could not be written: somebody else (${lastManager(live.object)}) writes it again and again`);
    if (direction === "forward") await run.permitted();
    await run.keeper.hold();
    try {
      const { object } = live;
      const spec = { ...(object.spec as Record<string, unknown>), template: decision.template, replicas: decision.replicas }; // parsed by readWorkload
      const written = await run.cluster.replace(kinds.deployments, run.environment.namespace, name, { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...marks(run) } }, spec });
      return `${name} was written at generation ${written.metadata.generation ?? 0}, ${decision.replicas} replicas`;
    } catch (error) {
      tried = true;
      await afterFailedWrite(`write Deployment ${name}`, error, tries, deadline, run.keeper.lost);
    }
  }
}

/** The idle colour must have as many pods as it was given: an autoscaler that takes them away again would let too few serve. Throws StepFailed with who did it. */
export async function stillRaised(run: Run, target: PlanTarget, deadline: number): Promise<void> {
  const wanted = target.write.effect === "switch" ? target.before.replicas : (target.colour?.replicas ?? 0);
  const live = await readWorkload(run, target, deadline);
  if (live.replicas >= wanted) return;
  const scalers = (live.object.metadata.managedFields ?? []).filter((entry) => entry.subresource === "scale" || entry.subresource === undefined);
  const last = scalers.toSorted((a, b) => (b.time ?? "").localeCompare(a.time ?? "") || Number(b.subresource === "scale") - Number(a.subresource === "scale"))[0]?.manager ?? "somebody";
  throw new StepFailed(`${target.workload.name} was scaled from ${wanted} to ${live.replicas} by somebody else (${last}): see whether an autoscaler has it; nothing was switched`);
}

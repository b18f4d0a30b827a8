import type { PlanTarget } from "#lib/contracts/operation.ts";
import { forwardDecision, returnDecision } from "#lib/domain/operation-write.ts";
import type { WriteDecision } from "#lib/domain/operation-write.ts";
import { epochAnnotation, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { countingWrites, noted } from "#lib/worker/operations/certainty.ts";
import type { Writes } from "#lib/worker/operations/certainty.ts";
import { lastManager, readWorkload } from "#lib/worker/operations/objects.ts";
import type { ReadWorkload } from "#lib/worker/operations/objects.ts";
import { afterFailedWrite, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/** Conflicts with somebody who writes at the same time are retried this often, each time after reading and judging anew. */
const maximumTries = 40;

export function marks(run: Run): Record<string, string> {
  const { operationId, epoch } = run.keeper.claim;
  return { [operationAnnotation]: operationId, [epochAnnotation]: String(epoch) };
}

/** uid and resourceVersion of the very object that was judged: whatever came in between makes the write a conflict. */
export function preconditions(object: ClusterObject): { uid: string; resourceVersion: string } {
  return { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion };
}

/**
 * Brings a target's Deployment forward, or back. Read, judge, ask for the lease, write; after anything but a clear answer it is read again,
 * never guessed. Returns what was done or found, as evidence. Throws StepFailed (nothing was written) and ClaimLost.
 */
export function writeWorkload(run: Run, target: PlanTarget, direction: "forward" | "return", deadline: number): Promise<string> {
  return countingWrites((writes) => bring(run, target, direction, deadline, writes));
}

async function bring(run: Run, target: PlanTarget, direction: "forward" | "return", deadline: number, writes: Writes): Promise<string> {
  const { lost } = run.keeper;
  let written = false;
  for (let tries = 1; ; tries += 1) {
    const live = await readWorkload(run, target, deadline);
    const decision = direction === "forward" ? forwardDecision(target, live, run.restartMark) : returnDecision(target, live, run.restartMark);
    if (decision.do === "nothing") return found(run, live.object, decision.why, written);
    if (decision.do === "stop") throw new StepFailed(`${target.bigPod} is left as it is: ${decision.why} (last written by ${lastManager(live.object)})`);
    if (tries > maximumTries) throw new StepFailed(`${target.bigPod} could not be written: somebody else (${lastManager(live.object)}) writes it again and again`);
    if (direction === "forward") await run.permitted();
    await run.keeper.hold();
    try {
      const object = await noted(writes, () => apply(run, target, live, decision));
      return `written at generation ${object.metadata.generation ?? 0}`;
    } catch (error) {
      written = true;
      await afterFailedWrite(`write Deployment ${target.workload.name}`, error, tries, deadline, lost);
    }
  }
}

function apply(run: Run, target: PlanTarget, live: ReadWorkload, decision: Extract<WriteDecision, { do: "merge" | "replace" }>): Promise<ClusterObject> {
  const { namespace } = run.environment;
  const { name } = target.workload;
  const { object } = live;
  if (decision.do === "merge") {
    return run.cluster.patch(kinds.deployments, namespace, name, "strategic-merge", { metadata: { ...preconditions(object), annotations: marks(run) }, spec: decision.spec });
  }
  const spec = { ...(object.spec as Record<string, unknown>), template: decision.template }; // parsed by readWorkload
  return run.cluster.replace(kinds.deployments, namespace, name, { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...marks(run) } }, spec });
}

function found(run: Run, object: ClusterObject, why: string, afterWrite: boolean): string {
  const ours = object.metadata.annotations?.[operationAnnotation] === run.keeper.claim.operationId;
  if (!ours) return why;
  return afterWrite ? `the write had arrived: generation ${object.metadata.generation ?? 0}` : `found as this operation had written it: generation ${object.metadata.generation ?? 0}`;
}

/**
 * Puts this claim's epoch on objects that an earlier claimant may still be writing: its late write then meets another resourceVersion
 * and is refused. Only needed where a step was under way when it was taken over.
 */
export async function fence(run: Run, target: PlanTarget, deadline: number): Promise<void> {
  for (let tries = 1; tries <= maximumTries; tries += 1) {
    const { object } = await readWorkload(run, target, deadline);
    if (object.metadata.annotations?.[epochAnnotation] === String(run.keeper.claim.epoch) && object.metadata.annotations[operationAnnotation] === run.keeper.claim.operationId) return;
    await run.keeper.hold();
    try {
      await run.cluster.patch(kinds.deployments, run.environment.namespace, target.workload.name, "merge", { metadata: { ...preconditions(object), annotations: marks(run) } });
      return;
    } catch (error) {
      await afterFailedWrite(`mark Deployment ${target.workload.name}`, error, tries, deadline, run.keeper.lost);
    }
  }
  throw new StepFailed(`${target.bigPod} could not be taken over: somebody else writes it again and again`);
}

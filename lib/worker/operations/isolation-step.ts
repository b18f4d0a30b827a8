import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { fields } from "#lib/domain/fold-read.ts";
import { isInForce } from "#lib/domain/isolation.ts";
import type { IsolationMark, IsolationWay } from "#lib/domain/isolation.ts";
import { isIsolation } from "#lib/domain/isolation-steps.ts";
import type { IsolationStepName, IsolationTarget } from "#lib/domain/isolation-steps.ts";
import { pods } from "#lib/domain/plan-draft.ts";
import { countingWrites } from "#lib/worker/operations/certainty.ts";
import { wouldCut } from "#lib/worker/operations/isolation-check.ts";
import { saveEvidence } from "#lib/worker/operations/isolation-evidence.ts";
import { livePods, readMarked, readPolicy } from "#lib/worker/operations/isolation-objects.ts";
import type { MarkedWorkload } from "#lib/worker/operations/isolation-objects.ts";
import { fencePolicy, putInForce, takeAway } from "#lib/worker/operations/isolation-policy.ts";
import { markIsolated, unmark } from "#lib/worker/operations/isolation-write.ts";
import { lastManager } from "#lib/worker/operations/objects.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { fence } from "#lib/worker/operations/write.ts";

/** A wait sleeps at most so long when nothing is seen to change. */
const recheckMs = 1_000;
const writing: readonly IsolationStepName[] = ["isolate", "lift", "return-isolate", "return-lift"];

export function isolationTarget(target: PlanTarget): IsolationTarget {
  if (!isIsolation(target)) throw new StepFailed(`nothing of ${target.bigPod} is to be isolated`);
  return target;
}

/** Runs one step that only isolations have. Each looks first and acts only on what is missing, so that it can be run again. */
export async function performIsolationStep(run: Run, step: OperationStep, name: IsolationStepName, target: IsolationTarget, resumed: boolean, deadline: number): Promise<string> {
  if (resumed && writing.includes(name)) {
    await fence(run, target, deadline);
    if (wayOf(target) === "network") await fencePolicy(run, target.write.policy, deadline);
  }
  switch (name) {
    case "evidence":
      return saveEvidence(run, target, deadline);
    case "isolate":
      return cutOff(run, target, markOf(run, step, target), "forward", deadline);
    case "isolated":
      return seeCutOff(run, step, target, deadline);
    case "lift":
      return giveBack(run, target, "forward", deadline);
    case "return-isolate":
      return giveBack(run, target, "return", deadline);
    case "lifted":
      return seeBack(run, step, target, deadline, AbortSignal.any([run.keeper.lost, run.keeper.abortAsked]));
    case "return-lifted":
      return seeBack(run, step, target, deadline, run.keeper.lost);
    case "return-lift":
      return cutOff(run, target, markOf(run, step, target), "return", deadline);
  }
}

function wayOf({ write }: IsolationTarget): IsolationWay {
  return write.effect === "isolate" ? write.how : write.isolation.how;
}

/** The same at every repetition: when its step began is the database's, and written once. */
function markOf(run: Run, step: OperationStep, { write, before }: IsolationTarget): IsolationMark {
  if (write.effect === "lift-isolation") return write.isolation;
  const { operation, actor } = run.journal;
  const since = run.journal.steps().find((candidate) => candidate.position === step.position)?.startedAt ?? operation.requestedAt;
  return { how: write.how, by: actor.name, since, operationId: operation.id, replicas: before.replicas };
}

/** Marked first, then cut off: a Big Pod that is cut off and does not say so would be worse than one that says so a moment too early. */
function cutOff(run: Run, target: IsolationTarget, mark: IsolationMark, direction: "forward" | "return", deadline: number): Promise<string> {
  return countingWrites(async (writes) => {
    const live = await markIsolated(run, target, mark, { direction, deadline, writes });
    if (mark.how === "scale-to-zero") return `scaled from ${pods(live.mark?.replicas ?? 0)} to none`;
    await putInForce(run, target, live, { direction, deadline, writes });
    return `NetworkPolicy ${target.write.policy} is in force`;
  });
}

/** The other way round: it says so until it is back. */
function giveBack(run: Run, target: IsolationTarget, direction: "forward" | "return", deadline: number): Promise<string> {
  return countingWrites(async (writes) => {
    const operationId = target.write.effect === "isolate" ? run.journal.operation.id : target.write.isolation.operationId;
    const live = await readMarked(run, target, deadline);
    // Another isolation that came since keeps its policy; an own policy without a mark is what a crash may leave behind.
    const others = live.mark !== null && live.mark.operationId !== operationId;
    const policy = wayOf(target) === "network" && !others ? `${await takeAway(run, target.write.policy, { direction, deadline, writes })}; ` : "";
    return `${policy}${await unmark(run, target, operationId, { direction, deadline, writes })}`;
  });
}

async function seeCutOff(run: Run, step: OperationStep, target: IsolationTarget, deadline: number): Promise<string> {
  const signal = AbortSignal.any([run.keeper.lost, run.keeper.abortAsked]);
  for (;;) {
    const live = await readMarked(run, target, deadline);
    if (live.mark?.operationId !== run.journal.operation.id) throw new StepFailed(`${target.bigPod} is not marked as isolated any more: ${lastManager(live.object)} wrote it`);
    if (wayOf(target) === "network") {
      await wouldCut(run, target, live, deadline);
      const policy = await readPolicy(run, target.write.policy, deadline);
      if (policy === null || !isInForce(policy, live.labels)) throw new StepFailed(`NetworkPolicy ${target.write.policy} is not in force any more: somebody else changed it`);
      const count = (await livePods(run, live, deadline)).length;
      return `${target.bigPod} is isolated: NetworkPolicy ${target.write.policy} selects its ${pods(count)} and lets nothing in or out, where the cluster's network enforces it`;
    }
    if (live.replicas > 0) throw new StepFailed(`${target.bigPod} was scaled to ${live.replicas} again by ${lastManager(live.object)}: stop that first, or cut off its network instead`);
    const left = await livePods(run, live, deadline);
    if (left.length === 0) return `${target.bigPod} is isolated: no pod is left`;
    await pause(run, step, `${pods(left.length)} still stopping`, deadline, signal);
  }
}

/** That it is given back, not that it is well: what was broken when it was cut off is broken again. */
async function seeBack(run: Run, step: OperationStep, target: IsolationTarget, deadline: number, signal: AbortSignal): Promise<string> {
  for (;;) {
    const live = await readMarked(run, target, deadline);
    if (live.mark !== null) throw new StepFailed(`${target.bigPod} was isolated again meanwhile`);
    if (wayOf(target) === "network") {
      if ((await readPolicy(run, target.write.policy, deadline)) === null) return `${target.bigPod} can be reached again: NetworkPolicy ${target.write.policy} is gone`;
      throw new StepFailed(`NetworkPolicy ${target.write.policy} is there again: somebody else made it`);
    }
    const { made, ready } = countsOf(live);
    if (made >= live.replicas) return `${pods(live.replicas)} of ${target.bigPod} are there again, ${ready} ready`;
    await pause(run, step, `${made} of ${pods(live.replicas)} are there`, deadline, signal);
  }
}

function countsOf({ object }: MarkedWorkload): { made: number; ready: number } {
  const { observedGeneration, replicas, readyReplicas } = fields(object.status);
  const seen = typeof observedGeneration === "number" && observedGeneration >= (object.metadata.generation ?? 0);
  return { made: seen && typeof replicas === "number" ? replicas : 0, ready: typeof readyReplicas === "number" ? readyReplicas : 0 };
}

async function pause(run: Run, step: OperationStep, text: string, deadline: number, signal: AbortSignal): Promise<void> {
  if (performance.now() >= deadline) throw new StepFailed(`not finished within ${run.environment.policy.rolloutTimeoutSeconds} s: ${text}`);
  const change = run.view.changed(Math.min(recheckMs, Math.max(1, deadline - performance.now())), signal);
  change.catch(() => undefined);
  await run.journal.note(step, text);
  await change;
}

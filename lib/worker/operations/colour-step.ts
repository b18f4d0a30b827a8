import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { askedServices, askPod } from "#lib/worker/watchers/probe-pod.ts";
import { colourOf } from "#lib/worker/operations/colour-objects.ts";
import { awaitEndpoints } from "#lib/worker/operations/colour-endpoints.ts";
import { stillRaised, writeIdle } from "#lib/worker/operations/colour-raise.ts";
import { standDown } from "#lib/worker/operations/colour-stand-down.ts";
import { fenceSwitch, switchBack, switchForward } from "#lib/worker/operations/colour-switch.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { awaitRollout } from "#lib/worker/operations/rollout.ts";
import { fence } from "#lib/worker/operations/write.ts";

export type ColourStepName = "raise" | "preview" | "switch" | "stand-down" | "return-raise" | "return-switch";

/** One answer of a pod; as long as the probes give it. */
const askTimeoutMs = 900;

/** Runs one step that only blue-green has. Each looks first and acts only on what is missing, so that it can be run again. */
export async function performColourStep(run: Run, step: OperationStep, name: ColourStepName, target: PlanTarget, resumed: boolean, deadline: number, signal: AbortSignal): Promise<string> {
  if (resumed && (name === "raise" || name === "return-raise" || name === "stand-down")) await fence(run, target, deadline);
  if (resumed && (name === "switch" || name === "return-switch")) await fenceSwitch(run, target, deadline);
  switch (name) {
    case "raise":
      return writeIdle(run, target, "forward", deadline);
    case "preview":
      return preview(run, step, target, deadline, signal);
    case "switch":
      return switchForward(run, target, deadline);
    case "stand-down":
      return standDown(run, target, deadline);
    case "return-raise":
      return writeIdle(run, target, "return", deadline);
    case "return-switch":
      return switchBack(run, step, target, deadline);
  }
}

/** The idle colour is as it was raised, its preview Service leads to all of its pods and to no other, and every service in every one of them says now that it is up. */
async function preview(run: Run, step: OperationStep, target: PlanTarget, deadline: number, signal: AbortSignal): Promise<string> {
  const { previewService } = colourOf(target);
  const settled = await awaitAnswers(run, step, [target], deadline, signal);
  await stillRaised(run, target, deadline);
  const reached = await awaitEndpoints(run, step, target, previewService.name, deadline, signal);
  return `Service ${previewService.name} leads to ${reached === 1 ? "1 pod" : `${reached} pods`} of ${target.workload.name}; ${settled}`;
}

/**
 * Waits for the rollouts, and then until every pod says afresh that its services are up: what was last folded may be a second old, and that second is the one
 * that matters around a switch. A service that stays down turns the folded state broken, which ends the wait with its cause.
 */
async function awaitAnswers(run: Run, step: OperationStep, targets: readonly PlanTarget[], deadline: number, signal: AbortSignal): Promise<string> {
  for (;;) {
    const settled = await awaitRollout(run, step, targets, deadline, signal);
    const answers = await Promise.all(targets.map((target) => askAll(run, target, signal)));
    const bad = answers.find((answer) => answer !== null);
    if (bad == null) return settled;
    if (performance.now() >= deadline) throw new StepFailed(bad);
    await run.journal.note(step, bad);
    await run.view.changed(Math.min(1_000, Math.max(1, deadline - performance.now())), signal);
  }
}

/** Asks every pod of a colour for its services, now. What is not up, as a clause; null when all is. That pods cannot be asked here at all is judged with the rollout. */
async function askAll(run: Run, target: PlanTarget, signal: AbortSignal): Promise<string | null> {
  const bigPod = run.config.bigPods.find((candidate) => candidate.name === target.bigPod);
  if (bigPod === undefined || askedServices(bigPod).length === 0) return null;
  const pods = (run.view.side(target.bigPod, target.workload.name).state?.pods ?? []).filter((pod) => pod.ready && !pod.terminating);
  const outcomes = await Promise.all(pods.map(async ({ name }) => [name, await askPod(run.cluster, run.environment.namespace, name, bigPod, askTimeoutMs, signal)] as const));
  if (signal.aborted) throw signal.reason;
  for (const [pod, outcome] of outcomes) {
    if (outcome.kind === "late") return `${pod} does not answer in time`;
    if (outcome.kind === "gone") return `${pod} is gone`;
    if (outcome.kind !== "answer") continue;
    const down = Object.entries(outcome.services).find(([, health]) => health.status !== "up" && health.status !== "unknown");
    if (down !== undefined) return `${down[0]} in ${pod} is ${down[1].status}${down[1].detail === null ? "" : `: ${down[1].detail}`}`;
  }
  return null;
}

/**
 * After the switch: every Service leads to the pods of the colour it was switched to and to no other, all services there are up, and the observer sees
 * it so, that what is sealed is what serves. Throws StepFailed.
 */
export async function verifyColours(run: Run, step: OperationStep, targets: readonly PlanTarget[], deadline: number, signal: AbortSignal): Promise<string> {
  const reached: string[] = [];
  for (const target of targets) {
    const { service } = colourOf(target);
    const count = await awaitEndpoints(run, step, target, service.name, deadline, signal);
    reached.push(`Service ${service.name} leads to ${count === 1 ? "1 pod" : `${count} pods`} of ${target.workload.name} and to no other`);
  }
  const settled = await awaitAnswers(run, step, targets, deadline, signal);
  for (const target of targets) {
    while (run.view.state(target.bigPod)?.workload?.name !== target.workload.name) {
      if (performance.now() >= deadline) throw new StepFailed(`Service ${colourOf(target).service.name} was not seen to lead to ${target.workload.name}`);
      await run.view.changed(Math.min(1_000, Math.max(1, deadline - performance.now())), signal);
    }
  }
  return `${reached.join("; ")}; ${settled}`;
}

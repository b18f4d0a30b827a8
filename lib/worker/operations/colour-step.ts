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
/** A pod that answered its probes gets this many chances to say the same when it is asked once more. */
const maximumAsks = 5;

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
  const settled = await awaitRollout(run, step, [target], deadline, signal);
  await stillRaised(run, target, deadline);
  const reached = await awaitEndpoints(run, step, target, previewService.name, deadline, signal);
  const asked = await askAll(run, target, signal);
  return `Service ${previewService.name} leads to ${reached === 1 ? "1 pod" : `${reached} pods`} of ${target.workload.name}; ${asked ?? settled}`;
}

/** Asks every pod of the idle colour for its services, now. Null when nothing is configured that pods could be asked. */
async function askAll(run: Run, target: PlanTarget, signal: AbortSignal): Promise<string | null> {
  const bigPod = run.config.bigPods.find((candidate) => candidate.name === target.bigPod);
  if (bigPod === undefined || askedServices(bigPod).length === 0) return null;
  const pods = (run.view.side(target.bigPod, target.workload.name).state?.pods ?? []).filter((pod) => pod.ready && !pod.terminating);
  const answers = await Promise.all(pods.map((pod) => askPatiently(run, pod.name, bigPod, signal)));
  const bad = answers.find((answer) => answer.bad !== null);
  if (bad?.bad != null) throw new StepFailed(bad.bad);
  return answers.every((answer) => answer.asked) ? `every service in ${pods.length === 1 ? "it" : "them"} is up` : null;
}

async function askPatiently(run: Run, pod: string, bigPod: Parameters<typeof askPod>[3], signal: AbortSignal): Promise<{ asked: boolean; bad: string | null }> {
  let bad: string | null = null;
  for (let tries = 0; tries < maximumAsks; tries += 1) {
    const outcome = await askPod(run.cluster, run.environment.namespace, pod, bigPod, askTimeoutMs, signal);
    if (signal.aborted) throw signal.reason;
    // That pods cannot be asked here at all was judged with the rollout, which waits for answers where a promotion needs them.
    if (outcome.kind === "trouble" || outcome.kind === "refused") return { asked: false, bad: null };
    if (outcome.kind === "answer") {
      const down = Object.entries(outcome.services).find(([, health]) => health.status === "down" || health.status === "degraded" || health.status === "starting");
      if (down === undefined) return { asked: true, bad: null };
      bad = `${down[0]} in ${pod} is ${down[1].status}${down[1].detail === null ? "" : `: ${down[1].detail}`}`;
    } else bad = outcome.kind === "late" ? `${pod} does not answer in time` : `${pod} is gone`;
  }
  return { asked: true, bad };
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
  const settled = await awaitRollout(run, step, targets, deadline, signal);
  for (const target of targets) {
    while (run.view.state(target.bigPod)?.workload?.name !== target.workload.name) {
      if (performance.now() >= deadline) throw new StepFailed(`Service ${colourOf(target).service.name} was not seen to lead to ${target.workload.name}`);
      await run.view.changed(Math.min(1_000, Math.max(1, deadline - performance.now())), signal);
    }
  }
  return `${reached.join("; ")}; ${settled}`;
}

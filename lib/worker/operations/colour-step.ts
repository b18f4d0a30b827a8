import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { colourOf } from "#lib/worker/operations/colour-objects.ts";
import { awaitAnswers, preview } from "#lib/worker/operations/colour-preview.ts";
import { awaitEndpoints } from "#lib/worker/operations/colour-endpoints.ts";
import { writeIdle } from "#lib/worker/operations/colour-raise.ts";
import { standDown } from "#lib/worker/operations/colour-stand-down.ts";
import { fenceSwitch, switchBack, switchForward } from "#lib/worker/operations/colour-switch.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { fence } from "#lib/worker/operations/write.ts";

export type ColourStepName = "raise" | "preview" | "switch" | "stand-down" | "return-raise" | "return-switch";


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

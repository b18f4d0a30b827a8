import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { touchesNothing } from "#lib/domain/operation-write.ts";
import { fenceConfigMaps, writeConfigMaps } from "#lib/worker/operations/config-maps.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { awaitRollout } from "#lib/worker/operations/rollout.ts";
import { fence, writeWorkload } from "#lib/worker/operations/write.ts";

/**
 * One step of a drill's second half: what a return does, as planned. It may be aborted like any other step; then the return proper finishes what is left
 * to return. Throws StepFailed, ClaimLost.
 */
export async function performDrillStep(run: Run, step: OperationStep, target: PlanTarget | null, resumed: boolean, deadline: number): Promise<string> {
  const waitSignal = AbortSignal.any([run.keeper.lost, run.keeper.abortAsked]);
  if (step.name === "drill-verify") return awaitRollout(run, step, run.journal.targets().filter((target) => !touchesNothing(target)), deadline, waitSignal);
  if (target === null) throw new StepFailed(`the plan does not say of which Big Pod the step "${step.name}" is`);
  switch (step.name) {
    case "drill-return-config":
      if (resumed) await fenceConfigMaps(run, target, deadline);
      return writeConfigMaps(run, target, "return", deadline);
    case "drill-return-write":
      if (resumed) await fence(run, target, deadline);
      return writeWorkload(run, target, "return", deadline);
    case "drill-return-rollout":
      return touchesNothing(target) ? "nothing was changed" : awaitRollout(run, step, [target], deadline, waitSignal);
    default:
      throw new StepFailed(`this version of Vigie does not know the step "${step.name}"`);
  }
}

import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { isDrillStep } from "#lib/domain/drill.ts";
import { stepNames } from "#lib/domain/operation-steps.ts";
import type { ForwardStepName } from "#lib/domain/operation-steps.ts";
import { touchesNothing } from "#lib/domain/operation-write.ts";
import { bake } from "#lib/worker/operations/after-gates.ts";
import { check } from "#lib/worker/operations/check.ts";
import { performColourStep, verifyColours } from "#lib/worker/operations/colour-step.ts";
import { fenceConfigMaps, writeConfigMaps } from "#lib/worker/operations/config-maps.ts";
import { performDrillStep } from "#lib/worker/operations/drill-step.ts";
import { isolationTarget, performIsolationStep } from "#lib/worker/operations/isolation-step.ts";
import { isolationStepNames } from "#lib/domain/isolation-steps.ts";
import { ClaimLost } from "#lib/worker/operations/lease.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { awaitRollout } from "#lib/worker/operations/rollout.ts";
import { fence, writeWorkload } from "#lib/worker/operations/write.ts";

/** Somebody asked to abort. */
export class Aborted extends Error {
  constructor(by: string) {
    super(`aborted by ${by}`);
    this.name = "Aborted";
  }
}

/** Runs one step to its end and writes it down. Every step may be run again: it looks first and acts only on what is missing. */
export async function performStep(run: Run, step: OperationStep): Promise<void> {
  const { journal } = run;
  const resumed = step.status === "running";
  await journal.start(step);
  if (resumed) await journal.note(step, `taken over by ${run.keeper.claim.worker}`);
  try {
    const deadline = performance.now() + Math.max(0, run.environment.policy.rolloutTimeoutSeconds * 1000 - (await runningForMs(run, step)));
    const text = await act(run, step, resumed, deadline);
    await journal.finish(step, "succeeded", text);
  } catch (error) {
    const failed = asFailure(run, step, error);
    if (failed === null) throw error;
    // What an earlier claimant of this step may have written, nobody can say here.
    const failure = failed.failure === "nothing-written" && resumed ? null : failed.failure;
    await journal.finish(step, "failed", failed.message, failure);
    throw failed;
  }
}

/** What ends a step as failed; null for what ends only this worker's part in it (lease, abort, database). The unforeseen fails the step: trying it for ever would help nobody. */
function asFailure(run: Run, step: OperationStep, error: unknown): StepFailed | null {
  if (error instanceof StepFailed) return error;
  if (run.keeper.lost.aborted || run.keeper.abortAsked.aborted || error instanceof ClaimLost) return null;
  if ((error instanceof Error && error.name.startsWith("PrismaClient")) || isDatabaseAway(error)) return null;
  run.log.error({ operation: run.keeper.claim.operationId, step: step.name, error }, "A step met something unforeseen");
  return new StepFailed(`something unforeseen happened (${error instanceof Error ? error.message : String(error)})`, { cause: error, failure: "elsewhere" });
}

async function act(run: Run, step: OperationStep, resumed: boolean, deadline: number): Promise<string> {
  if (isDrillStep(step.name)) return performDrillStep(run, step, step.bigPod === null ? null : targetOf(run, step), resumed, deadline);
  const name = stepName(step);
  if (name === "check") return check(run, deadline);
  const isolating = isolationStepNames.find((candidate) => candidate === name);
  if (isolating !== undefined) return performIsolationStep(run, step, isolating, isolationTarget(targetOf(run, step)), resumed, deadline);
  const waitSignal = AbortSignal.any([run.keeper.lost, run.keeper.abortAsked]);
  const coloured = run.journal.targets().filter((target) => target.colour !== null);
  if (name === "verify" && coloured.length > 0) return verifyColours(run, step, coloured, deadline, waitSignal);
  if (name === "verify") return awaitRollout(run, step, run.journal.targets().filter((target) => !touchesNothing(target)), deadline, waitSignal);
  if (name === "bake") return bake(run, step, waitSignal);
  const target = targetOf(run, step);
  if (resumed && (name === "write" || name === "return-write")) await fence(run, target, deadline);
  if (resumed && (name === "config" || name === "return-config")) await fenceConfigMaps(run, target, deadline);
  switch (name) {
    case "config":
      return writeConfigMaps(run, target, "forward", deadline);
    case "write":
      return writeWorkload(run, target, "forward", deadline);
    case "rollout":
      if (target.colour !== null) return awaitRollout(run, step, [target], deadline, waitSignal);
      return touchesNothing(target) ? "nothing was changed" : awaitRollout(run, step, [target], deadline, waitSignal);
    case "return-config":
      return writeConfigMaps(run, target, "return", deadline);
    case "return-write":
      return writeWorkload(run, target, "return", deadline);
    case "return-rollout":
      return awaitRollout(run, step, [target], deadline, run.keeper.lost);
    case "raise":
    case "preview":
    case "switch":
    case "stand-down":
      return performColourStep(run, step, name, target, resumed, deadline, waitSignal);
    case "return-raise":
    case "return-switch":
      return performColourStep(run, step, name, target, resumed, deadline, run.keeper.lost);
    case "evidence":
    case "isolate":
    case "isolated":
    case "lift":
    case "lifted":
    case "return-isolate":
    case "return-lift":
    case "return-lifted":
      throw new StepFailed(`the step "${name}" belongs to an isolation`);
    default:
      return assertNever(name);
  }
}

/** Throws Aborted when that was asked for; between steps, because a step that writes is short. */
export function stopIfAborted(run: Run): void {
  const by = run.keeper.abortRequestedBy();
  if (by !== null) throw new Aborted(by);
}

async function runningForMs(run: Run, step: OperationStep): Promise<number> {
  if (step.startedAt === null) return 0;
  const rows = await run.db.$queryRaw<{ ms: number }[]>`SELECT (extract(epoch FROM clock_timestamp() - ${new Date(step.startedAt)}::timestamptz) * 1000)::float8 AS ms`;
  return rows[0]?.ms ?? 0;
}

function stepName(step: OperationStep): ForwardStepName {
  const name = stepNames.find((candidate) => candidate === step.name);
  if (name === undefined) throw new StepFailed(`this version of Vigie does not know the step "${step.name}"`);
  return name;
}

function targetOf(run: Run, step: OperationStep): PlanTarget {
  const target = run.journal.targets().find((candidate) => candidate.bigPod === step.bigPod);
  if (target === undefined) throw new StepFailed(`the plan has no Big Pod "${step.bigPod ?? ""}"`);
  return target;
}

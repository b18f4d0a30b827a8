import type { OperationStep } from "#lib/contracts/operation.ts";
import { drillNote } from "#lib/domain/drill.ts";
import { colourReturnSteps } from "#lib/domain/colour-steps.ts";
import { isolationReturnSteps } from "#lib/domain/isolation-steps.ts";
import { returnSteps } from "#lib/domain/operation-steps.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import { watchPromotion } from "#lib/worker/after-promotion/begin.ts";
import { recordApplied } from "#lib/worker/operations/applied.ts";
import { Aborted, performStep, stopIfAborted } from "#lib/worker/operations/forward.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { quarantineRelease } from "#lib/worker/operations/quarantine.ts";
import { sealOutcome, tellStates } from "#lib/worker/operations/seal.ts";

const isReturn = (step: OperationStep): boolean => step.name.startsWith("return-");

/**
 * Runs an operation from wherever its journal stands to its end. Forward: steps in order; the first that fails, or an abort, turns it round.
 * Back: every Big Pod that was written, or may have been, goes back, last changed first. Ends as `succeeded`, `returned` (a failure, and everything is as before),
 * `aborted` (asked for, and everything is as before) or `failed` (nothing was changed, or something could not be brought back; the note says which).
 * Throws ClaimLost when another worker is to go on; nothing is ended then.
 */
export async function runToEnd(run: Run): Promise<OperationStatus> {
  const { journal } = run;
  await journal.begin();
  const turned = journal.steps().some((step) => isReturn(step) || step.status === "failed");
  if (!turned) {
    try {
      for (const step of journal.steps()) {
        if (step.status !== "pending" && step.status !== "running") continue;
        stopIfAborted(run);
        await performStep(run, step);
      }
      return await end(run, "succeeded", succeededNote(run));
    } catch (error) {
      if (run.keeper.lost.aborted) throw run.keeper.lost.reason;
      if (run.keeper.abortAsked.aborted && !(error instanceof StepFailed)) await closeAborted(run);
      else if (!(error instanceof StepFailed || error instanceof Aborted)) throw error;
    }
  }
  return goBack(run);
}

/** The step that was under way when an abort came is ended as skipped, with who asked. */
async function closeAborted(run: Run): Promise<void> {
  const running = run.journal.steps().find((step) => step.status === "running");
  if (running !== undefined) await run.journal.finish(running, "skipped", `aborted by ${run.keeper.abortRequestedBy() ?? "somebody"}`);
}

async function goBack(run: Run): Promise<OperationStatus> {
  const { journal } = run;
  if (!journal.steps().some(isReturn)) {
    const wrote = new Set(journal.steps().flatMap((step) => ((step.name === "write" || step.name === "config") && step.status !== "pending" && journal.failureOf(step) !== "nothing-written" && step.bigPod !== null ? [step.bigPod] : [])));
    const changed = journal.targets().filter((target) => target.colour === null && wrote.has(target.bigPod)).toReversed();
    const colours = colourReturnSteps(journal.targets(), journal.steps());
    const isolations = isolationReturnSteps(journal.targets(), journal.steps(), (step) => journal.failureOf(step) === "nothing-written");
    const drafts = isolations.length > 0 ? isolations : colours.length > 0 ? colours : returnSteps(changed, Math.max(...journal.steps().map((step) => step.position)));
    if (drafts.length > 0) await journal.addSteps(drafts);
  }
  for (const step of journal.steps().filter(isReturn)) {
    if (step.status !== "pending" && step.status !== "running") continue;
    try {
      await performStep(run, step);
    } catch (error) {
      if (run.keeper.lost.aborted) throw run.keeper.lost.reason;
      if (!(error instanceof StepFailed)) throw error; // A Big Pod that cannot be returned must not keep the others from it.
    }
  }
  const cause = journal.steps().find((step) => !isReturn(step) && step.status === "failed");
  const notReturned = journal.steps().filter((step) => isReturn(step) && step.status === "failed");
  const why = cause === undefined ? `Aborted by ${run.keeper.abortRequestedBy() ?? journal.operation.abortRequestedBy ?? "somebody"}` : sentence(lastLine(cause));
  if (notReturned.length > 0) return end(run, "failed", `${why}. Not everything could be returned: ${notReturned.map((step) => `${step.bigPod ?? ""}: ${lastLine(step)}`).join("; ")}. Look at ${run.environment.name} now.`);
  const returned = journal.steps().some(isReturn);
  if (cause === undefined) return end(run, "aborted", returned ? `${why}; what was changed is back as it was.` : `${why} before anything was changed.`);
  if (!returned) return end(run, "failed", `${why}. Nothing was changed.`);
  const quarantine = blamed(run, cause) ? { reason: why } : null;
  return end(run, "returned", `${why}. What was changed is back as it was.`, quarantine);
}

/** Steps that act: when one of them fails, that is a refusal of the cluster, a lost permission or somebody else's edit, and no fault of the release. */
const acting: readonly string[] = ["check", "config", "write", "raise", "switch"];

/** Whether what failed is held against the release that a promotion brought: its rollout, or a gate after it. */
function blamed({ journal }: Run, cause: OperationStep): boolean {
  return journal.operation.kind === "promotion" && !acting.includes(cause.name) && journal.failureOf(cause) === null;
}

/** Ends it, and in the same transaction: what the cluster looks like now, the release it amounts to, and a quarantine where the release is to blame. */
async function end(run: Run, status: OperationStatus, note: string, quarantine: { reason: string } | null = null): Promise<OperationStatus> {
  const { journal, config, view } = run;
  const touched = journal.steps().some((step) => step.name !== "check" && step.status !== "pending");
  await journal.end(status, note, async (tx, at) => {
    // One order of locks everywhere: audit log, release numbers, the stream's clock.
    if (quarantine !== null) await quarantineRelease(tx, { config, operation: journal.operation, worker: run.keeper.claim.worker, reason: quarantine.reason });
    if (!touched) return;
    if (status === "succeeded") await recordApplied(tx, run, at);
    await sealOutcome(tx, { config, view, operation: journal.operation, actor: journal.actor.name, brought: status === "succeeded", at });
    if (status === "succeeded") await watchPromotion(tx, run, at);
    await tellStates(tx, { config, view, environment: run.environment.name });
  });
  return status;
}

function succeededNote(run: Run): string {
  if (run.journal.operation.kind === "drill") return drillNote(run.journal.operation.plan.release, run.journal.steps());
  const verify = run.journal.steps().find((step) => step.name === "verify" || step.name === "isolated" || step.name === "lifted");
  return verify === undefined ? "Done." : `${sentence(lastLine(verify))}.`;
}

function lastLine(step: OperationStep): string {
  return step.evidence.at(-1)?.text ?? step.title;
}

function sentence(text: string): string {
  const trimmed = text.replace(/\.$/, "");
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
}

import type { OperationStep } from "#lib/contracts/operation.ts";
import { colourReturnSteps } from "#lib/domain/colour-steps.ts";
import { returnSteps } from "#lib/domain/operation-steps.ts";
import type { OperationStatus } from "#lib/domain/status.ts";
import { Aborted, performStep, stopIfAborted } from "#lib/worker/operations/forward.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { sealOutcome } from "#lib/worker/operations/seal.ts";

const isReturn = (step: OperationStep): boolean => step.name.startsWith("return-");

/**
 * Runs an operation from wherever its journal stands to its end. Forward: steps in order; the first that fails, or an abort, turns it round.
 * Back: every Big Pod whose write was begun goes back, last changed first. Ends as `succeeded`, `returned` (a failure, and everything is as before),
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
      await journal.end("succeeded", succeededNote(run), (tx, at) => sealOutcome(tx, { config: run.config, view: run.view, operation: journal.operation, actor: journal.actor.name, at }));
      return "succeeded";
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
    const begun = new Set(journal.steps().flatMap((step) => ((step.name === "write" || step.name === "config") && step.status !== "pending" && step.bigPod !== null ? [step.bigPod] : [])));
    const changed = journal.targets().filter((target) => target.colour === null && begun.has(target.bigPod)).toReversed();
    const colours = colourReturnSteps(journal.targets(), journal.steps());
    const drafts = colours.length > 0 ? colours : returnSteps(changed, Math.max(...journal.steps().map((step) => step.position)));
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
  return returned ? end(run, "returned", `${why}. What was changed is back as it was.`) : end(run, "failed", `${why}. Nothing was changed.`);
}

async function end(run: Run, status: OperationStatus, note: string): Promise<OperationStatus> {
  await run.journal.end(status, note);
  return status;
}

function succeededNote(run: Run): string {
  const verify = run.journal.steps().find((step) => step.name === "verify");
  return verify === undefined ? "Done." : `${sentence(lastLine(verify))}.`;
}

function lastLine(step: OperationStep): string {
  return step.evidence.at(-1)?.text ?? step.title;
}

function sentence(text: string): string {
  const trimmed = text.replace(/\.$/, "");
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
}

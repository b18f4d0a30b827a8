import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { rolloutVerdict, workloadComplete } from "#lib/domain/operation-rollout.ts";
import type { RolloutVerdict } from "#lib/domain/operation-rollout.ts";
import { readWorkload } from "#lib/worker/operations/objects.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/** How long a wait sleeps at most when nothing changes: time itself can move a verdict (deadline, grace). */
const recheckMs = 1_000;

/**
 * Waits until the given Big Pods have arrived at the generation that is theirs now, with every service up. Wakes on changes of the view.
 * Writes what it waits for into the step. Throws StepFailed at the first that failed, and at the deadline; the signal's reason when it fires.
 */
export async function awaitRollout(run: Run, step: OperationStep, targets: readonly PlanTarget[], deadline: number, signal: AbortSignal): Promise<string> {
  if (targets.length === 0) return "nothing had to be changed";
  const generations = new Map<string, number>();
  for (const target of targets) generations.set(target.bigPod, (await readWorkload(run, target, deadline)).object.metadata.generation ?? 0);
  const since: Since = { complete: new Map(), broken: new Map() };
  for (;;) {
    const verdicts = targets.map((target) => ({ target, verdict: judge(run, target, generations.get(target.bigPod) ?? 0, since) }));
    const failed = verdicts.find(({ verdict }) => verdict.kind === "failed");
    if (failed !== undefined) throw new StepFailed(failed.verdict.text, blame(run, [failed.target]));
    const waiting = verdicts.filter(({ verdict }) => verdict.kind === "waiting");
    const text = (shown: typeof verdicts): string => shown.map(({ target, verdict }) => (targets.length === 1 ? verdict.text : `${target.bigPod}: ${verdict.text}`)).join("; ");
    if (waiting.length === 0) return text(verdicts);
    if (performance.now() >= deadline) throw new StepFailed(`not finished within ${run.environment.policy.rolloutTimeoutSeconds} s: ${text(waiting)}`, blame(run, waiting.map(({ target }) => target)));
    // Listen before writing down: a change during the write must not be missed.
    const change = run.view.changed(Math.min(recheckMs, Math.max(1, deadline - performance.now())), signal);
    change.catch(() => undefined);
    await run.journal.note(step, text(waiting));
    await change;
  }
}

/** Only what can be seen is held against a release: a workload that somebody deleted, or a cluster out of sight, says nothing about it. */
function blame(run: Run, targets: readonly PlanTarget[]): { failure?: "elsewhere" } {
  const seen = ({ bigPod, workload }: PlanTarget): boolean => {
    const metadata = run.view.side(bigPod, workload.name).workload?.metadata;
    return metadata?.uid === workload.uid && metadata.deletionTimestamp === undefined;
  };
  const known = run.view.fresh() && targets.every(seen);
  return known ? {} : { failure: "elsewhere" };
}

/** When conditions began to hold without a break, by Big Pod (performance.now()). */
interface Since {
  complete: Map<string, number>;
  broken: Map<string, number>;
}

function judge(run: Run, target: PlanTarget, generation: number, since: Since): RolloutVerdict {
  const { workload, state } = run.view.side(target.bigPod, target.workload.name);
  return rolloutVerdict({
    bigPod: target.bigPod,
    state,
    workload,
    fresh: run.view.fresh(),
    uid: target.workload.uid,
    generation,
    completeForMs: heldForMs(since.complete, target.bigPod, workload !== undefined && workloadComplete(workload)),
    brokenForMs: heldForMs(since.broken, target.bigPod, state?.status === "broken" && (state.workload?.generation ?? 0) >= generation),
    acceptUnknown: run.journal.operation.kind !== "promotion",
  });
}

function heldForMs(since: Map<string, number>, key: string, holds: boolean): number {
  const now = performance.now();
  if (!holds) since.delete(key);
  else if (!since.has(key)) since.set(key, now);
  return holds ? now - (since.get(key) ?? now) : 0;
}

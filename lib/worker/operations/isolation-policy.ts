import { forcingPatch, inertPolicy, isInForce, isOurPolicy } from "#lib/domain/isolation.ts";
import type { IsolationTarget } from "#lib/domain/isolation-steps.ts";
import { epochAnnotation, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import { noted } from "#lib/worker/operations/certainty.ts";
import type { Writes } from "#lib/worker/operations/certainty.ts";
import { readPolicy } from "#lib/worker/operations/isolation-objects.ts";
import type { MarkedWorkload } from "#lib/worker/operations/isolation-objects.ts";
import { afterFailedWrite, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { marks, preconditions } from "#lib/worker/operations/write.ts";

const maximumTries = 12;

interface Writing {
  direction: "forward" | "return";
  deadline: number;
  writes: Writes;
}

/**
 * Puts the NetworkPolicy of an isolation in force. It is made selecting nobody and put in force by a patch of the object that was read: a creation cannot
 * be bound to what was seen before, so one that arrives late, of a worker that was frozen, must cut nobody off. Throws StepFailed, ClaimLost.
 */
export async function putInForce(run: Run, target: IsolationTarget, live: MarkedWorkload, { direction, deadline, writes }: Writing): Promise<void> {
  const { policy: name } = target.write;
  const { namespace } = run.environment;
  for (let tries = 1; ; tries += 1) {
    const found = await readPolicy(run, name, deadline);
    if (found !== null && !isOurPolicy(found)) throw new StepFailed(`NetworkPolicy ${name} in ${namespace} exists and is not Vigie's: look at it, and delete or rename it`);
    if (found !== null && isInForce(found, live.labels)) return;
    if (tries > maximumTries) throw new StepFailed(`NetworkPolicy ${name} could not be written: somebody else writes it again and again`);
    if (direction === "forward") await run.permitted();
    await run.keeper.hold();
    try {
      if (found === null) await noted(writes, () => run.cluster.create(kinds.networkPolicies, namespace, inertPolicy(target.workload.name, namespace, marks(run))));
      else await noted(writes, () => run.cluster.patch(kinds.networkPolicies, namespace, name, "merge", { metadata: { ...preconditions(found), annotations: marks(run) }, spec: forcingPatch(live.selector) }));
    } catch (error) {
      await afterFailedWrite(`write NetworkPolicy ${name}`, error, tries, deadline, run.keeper.lost);
    }
  }
}

/** Takes the NetworkPolicy away: the very object that was read. Returns what was done. Throws StepFailed, ClaimLost. */
export async function takeAway(run: Run, name: string, { direction, deadline, writes }: Writing): Promise<string> {
  const { namespace } = run.environment;
  let tried = false;
  for (let tries = 1; ; tries += 1) {
    const found = await readPolicy(run, name, deadline);
    if (found === null) return tried ? `NetworkPolicy ${name} is taken away` : `NetworkPolicy ${name} is not there`;
    if (!isOurPolicy(found)) return `NetworkPolicy ${name} is not Vigie's: left alone`;
    if (tries > maximumTries) throw new StepFailed(`NetworkPolicy ${name} could not be deleted: somebody else writes it again and again`);
    if (direction === "forward") await run.permitted();
    await run.keeper.hold();
    tried = true;
    try {
      await noted(writes, () => run.cluster.remove(kinds.networkPolicies, namespace, name, preconditions(found)));
    } catch (error) {
      await afterFailedWrite(`delete NetworkPolicy ${name}`, error, tries, deadline, run.keeper.lost).catch((failed: unknown) => notFound(failed));
    }
  }
}

/** Gone meanwhile is what was wanted. */
function notFound(failed: unknown): void {
  const cause = failed instanceof Error ? failed.cause : null;
  if (typeof cause === "object" && cause !== null && "reason" in cause && cause.reason === "not-found") return;
  throw failed;
}

/** Puts this claim's epoch on the policy, so that a late write of an earlier claimant is refused. */
export async function fencePolicy(run: Run, name: string, deadline: number): Promise<void> {
  for (let tries = 1; tries <= maximumTries; tries += 1) {
    const found = await readPolicy(run, name, deadline);
    const { claim } = run.keeper;
    if (found === null || !isOurPolicy(found)) return;
    if (found.metadata.annotations?.[epochAnnotation] === String(claim.epoch) && found.metadata.annotations[operationAnnotation] === claim.operationId) return;
    await run.keeper.hold();
    try {
      await run.cluster.patch(kinds.networkPolicies, run.environment.namespace, name, "merge", { metadata: { ...preconditions(found), annotations: marks(run) } });
      return;
    } catch (error) {
      await afterFailedWrite(`mark NetworkPolicy ${name}`, error, tries, deadline, run.keeper.lost);
    }
  }
  throw new StepFailed(`NetworkPolicy ${name} could not be taken over: somebody else writes it again and again`);
}

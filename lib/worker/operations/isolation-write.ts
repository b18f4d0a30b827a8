import { isolationAnnotation, writeIsolation } from "#lib/domain/isolation.ts";
import type { IsolationMark } from "#lib/domain/isolation.ts";
import type { IsolationTarget } from "#lib/domain/isolation-steps.ts";
import { pods } from "#lib/domain/plan-draft.ts";
import { isolatedWords } from "#lib/domain/plan-isolation.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { noted } from "#lib/worker/operations/certainty.ts";
import type { Writes } from "#lib/worker/operations/certainty.ts";
import { readMarked } from "#lib/worker/operations/isolation-objects.ts";
import type { MarkedWorkload } from "#lib/worker/operations/isolation-objects.ts";
import { lastManager } from "#lib/worker/operations/objects.ts";
import { afterFailedWrite, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { marks, preconditions } from "#lib/worker/operations/write.ts";

const maximumTries = 12;

/** What to write to a workload that was just read; null: it is as wanted. */
type Wanted = { mark: IsolationMark | null; replicas?: number } | null;

interface Writing {
  direction: "forward" | "return";
  deadline: number;
  writes: Writes;
}

/** Reads the Deployment, judges it, asks for the lease, writes mark and replicas in one patch of the very object that was judged. Returns it as it was judged last. */
async function bring(run: Run, target: IsolationTarget, { direction, deadline, writes }: Writing, judge: (live: MarkedWorkload) => Wanted): Promise<MarkedWorkload> {
  for (let tries = 1; ; tries += 1) {
    const live = await readMarked(run, target, deadline);
    const wanted = judge(live);
    if (wanted === null) return live;
    if (tries > maximumTries) throw new StepFailed(`${target.bigPod} could not be written: somebody else (${lastManager(live.object)}) writes it again and again`);
    if (direction === "forward") await run.permitted();
    await run.keeper.hold();
    try {
      const annotations = { ...marks(run), [isolationAnnotation]: wanted.mark === null ? null : writeIsolation(wanted.mark) };
      const body = { metadata: { ...preconditions(live.object), annotations }, ...(wanted.replicas === undefined ? {} : { spec: { replicas: wanted.replicas } }) };
      await noted(writes, () => run.cluster.patch(kinds.deployments, run.environment.namespace, target.workload.name, "merge", body));
    } catch (error) {
      await afterFailedWrite(`write Deployment ${target.workload.name}`, error, tries, deadline, run.keeper.lost);
    }
  }
}

/**
 * Marks the workload as isolated; where that is the way, its replicas go to 0 with the mark, in one write. The mark remembers how many there were.
 * `mark` is the same at every repetition but for the replicas, which are those of the moment it is first written.
 */
export async function markIsolated(run: Run, target: IsolationTarget, mark: IsolationMark, writing: Writing): Promise<MarkedWorkload> {
  const zero = mark.how === "scale-to-zero";
  let was: number | null = null;
  return bring(run, target, writing, (live) => {
    if (live.mark === null) {
      was = live.replicas;
      return { mark: { ...mark, replicas: writing.direction === "return" ? mark.replicas : live.replicas }, ...(zero ? { replicas: 0 } : {}) };
    }
    if (live.mark.operationId !== mark.operationId) throw new StepFailed(`${target.bigPod} is ${isolatedWords(live.mark)} already`);
    if (zero && live.replicas > 0) throw new StepFailed(`${target.bigPod} was scaled to ${live.replicas} again by ${lastManager(live.object)}${was === null ? "" : ", right after it was scaled to 0"}: stop that first, or cut off its network instead`);
    return null;
  });
}

/** Takes the mark away, and gives back the replicas it remembers. Leaves alone what another isolation marked; what somebody scaled up since is kept as it is. */
export async function unmark(run: Run, target: IsolationTarget, operationId: string, writing: Writing): Promise<string> {
  let given: string | null = null;
  await bring(run, target, writing, (live) => {
    if (live.mark === null) return null;
    if (live.mark.operationId !== operationId) throw new StepFailed(`${target.bigPod} is left as it is: ${isolatedWords(live.mark)}`);
    const back = live.mark.how === "scale-to-zero" && live.replicas === 0;
    given = back ? `given its ${pods(live.mark.replicas)} back` : "its mark is taken away";
    return { mark: null, ...(back ? { replicas: live.mark.replicas } : {}) };
  });
  return given ?? "it is not marked as isolated";
}

import type { PlanTarget } from "#lib/contracts/operation.ts";
import { fields } from "#lib/domain/fold-read.ts";
import { isOurPolicy, policiesInTheWay } from "#lib/domain/isolation.ts";
import type { IsolationTarget } from "#lib/domain/isolation-steps.ts";
import { listed } from "#lib/domain/gate.ts";
import { isolatedWords } from "#lib/domain/plan-isolation.ts";
import { ClusterError, kinds } from "#lib/ports/cluster.ts";
import type { ClusterObject, ObjectList, ResourceKind } from "#lib/ports/cluster.ts";
import { livePods, readMarked, readPolicy } from "#lib/worker/operations/isolation-objects.ts";
import type { MarkedWorkload } from "#lib/worker/operations/isolation-objects.ts";
import { patiently, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/**
 * First look at a Big Pod that is to be cut off, or given back: it is the one of the plan, and what is to be done would have its effect. Keeps how many
 * replicas it has. Another generation is no obstacle: whatever it runs now is what is to be cut off. Throws StepFailed.
 */
export async function lookAtIsolation(run: Run, target: IsolationTarget, deadline: number): Promise<PlanTarget> {
  const live = await readMarked(run, target, deadline);
  const generation = live.object.metadata.generation ?? 0;
  const kept = { ...target, workload: { ...target.workload, generation }, before: { ...target.before, template: live.template, replicas: live.replicas } };
  if (target.write.effect === "lift-isolation") {
    if (live.mark === null) throw new StepFailed(`${target.bigPod} is not isolated any more`);
    if (live.mark.operationId !== target.write.isolation.operationId) throw new StepFailed(`${target.bigPod} is ${isolatedWords(live.mark)}, which is another isolation than the one to be lifted`);
    return kept;
  }
  if (live.mark !== null) throw new StepFailed(`${target.bigPod} is ${isolatedWords(live.mark)} already`);
  if (target.write.how === "network") await wouldCut(run, target, live, deadline);
  else await wouldStayDown(run, target, deadline);
  return kept;
}

/** NetworkPolicies add up, and pods in the node's network have none: better to say so than to report a cut that has holes. */
export async function wouldCut(run: Run, target: IsolationTarget, live: MarkedWorkload, deadline: number): Promise<void> {
  const { policy } = target.write;
  const existing = await readPolicy(run, policy, deadline);
  if (existing !== null && !isOurPolicy(existing)) throw new StepFailed(`NetworkPolicy ${policy} in ${run.environment.namespace} exists and is not Vigie's: look at it, and delete or rename it`);
  const others = policiesInTheWay(await all(run, kinds.networkPolicies, deadline), policy, live.labels);
  if (others.length > 0) throw new StepFailed(`NetworkPolicy ${listed(others)} also lets traffic of ${target.bigPod} through, and NetworkPolicies add up: the cut would have holes. Scale it to 0 instead, or change that policy`);
  const pods = await livePods(run, live, deadline);
  const onNode = pods.find((pod) => fields(pod.spec)["hostNetwork"] === true);
  if (onNode !== undefined) throw new StepFailed(`${onNode.metadata.name} uses the network of its node (hostNetwork), which no NetworkPolicy cuts: scale it to 0 instead`);
}

/** An autoscaler stands still while its target has 0 replicas (Kubernetes, "Horizontal Pod Autoscaling"), unless it may itself scale from 0. */
async function wouldStayDown(run: Run, target: IsolationTarget, deadline: number): Promise<void> {
  const fighting = (await autoscalers(run, deadline)).find(({ spec }) => {
    const { scaleTargetRef, minReplicas } = fields(spec);
    const { kind, name } = fields(scaleTargetRef);
    return kind === "Deployment" && name === target.workload.name && minReplicas === 0;
  });
  if (fighting !== undefined) throw new StepFailed(`HorizontalPodAutoscaler ${fighting.metadata.name} may scale ${target.bigPod} from 0 (minReplicas: 0), so it would not stay down: cut off its network instead, or change the autoscaler`);
}

/** In the version that is served. Where they may not be read nothing is known of them: then the step that looks whether it stays down is who tells. */
async function autoscalers(run: Run, deadline: number): Promise<ClusterObject[]> {
  for (const kind of [kinds.horizontalPodAutoscalers, kinds.horizontalPodAutoscalersV1]) {
    try {
      return await all(run, kind, deadline);
    } catch (error) {
      const cause: unknown = error instanceof StepFailed ? error.cause : error;
      if (!(cause instanceof ClusterError) || !["forbidden", "unsupported", "not-found"].includes(cause.reason)) throw error;
    }
  }
  return [];
}

async function all(run: Run, kind: ResourceKind, deadline: number): Promise<ClusterObject[]> {
  const { namespace } = run.environment;
  const found: ClusterObject[] = [];
  for (let token: string | null = null; ; ) {
    const from: string | null = token;
    const page: ObjectList = await patiently(`list ${kind.plural}`, deadline, run.keeper.lost, () => run.cluster.list(kind, { namespace, limit: 500, ...(from === null ? {} : { continue: from }) }, run.keeper.lost));
    found.push(...page.items);
    if (page.continue === null || page.continue === "") return found;
    token = page.continue;
  }
}

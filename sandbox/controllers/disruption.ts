import { isDeepStrictEqual } from "node:util";
import { toTime } from "#sandbox/controllers/clock.ts";
import { withFreshCondition } from "#sandbox/controllers/conditions.ts";
import { asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { matchesLabelSelector } from "#sandbox/kube/objects/selectors.ts";
import { controllerOf, keyOf, splitKey } from "#sandbox/controllers/object-keys.ts";
import { asPod, isActive, isReady, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import { resolveIntOrPercent } from "#sandbox/kube/objects/quantity.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const resource = "poddisruptionbudgets.policy";

/** Counts for each PodDisruptionBudget how many of its pods may be evicted now. Without this no eviction under a budget would ever be allowed. */
export function runDisruptionBudgets(context: ControllerContext): () => void {
  const { store, clock } = context;
  const queue = createWorkQueue({ name: "disruption", clock, reconcile, onError: context.onError });

  /** What the owners of the pods want in all; pods without an owner count as they are. */
  function expectedPods(pods: readonly Pod[]): number {
    const owners = new Map<string, number>();
    for (const pod of pods) {
      const owner = controllerOf(pod);
      const set = owner?.kind === "ReplicaSet" ? store.get("replicasets.apps", pod.metadata.namespace, owner.name) : undefined;
      const deployment = set && controllerOf(set);
      const workload = deployment ? store.get("deployments.apps", pod.metadata.namespace, deployment.name) : set;
      if (workload) owners.set(workload.metadata.uid, workload.spec.replicas ?? 1);
      else owners.set(pod.metadata.uid, 1);
    }
    return [...owners.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const budget = store.get(resource, namespace, name);
    if (!budget) return;
    const pods = store.list("pods", namespace).map(asPod).filter((pod) => isActive(pod) && matchesLabelSelector(budget.spec.selector, pod.metadata.labels));
    const expected = expectedPods(pods);
    const healthy = pods.filter(isReady).length;
    const wanted = desiredHealthy(budget, expected);
    const allowed = expected > 0 ? Math.max(0, healthy - wanted) : 0;
    store.modify(resource, namespace, name, asStatus, (draft) => {
      const condition = { type: "DisruptionAllowed", status: allowed > 0 ? "True" : "False", reason: allowed > 0 ? "SufficientPods" : "InsufficientPods", message: "", observedGeneration: draft.metadata.generation ?? 1 } as const;
      const status = {
        conditions: withFreshCondition(draft.status?.conditions ?? [], condition, toTime(clock.now())),
        currentHealthy: healthy, desiredHealthy: wanted, disruptionsAllowed: allowed, expectedPods: expected, observedGeneration: draft.metadata.generation ?? 1,
      };
      if (isDeepStrictEqual(draft.status, status)) return false;
      draft.status = status;
    });
  }

  for (const budget of store.list(resource)) queue.add(keyOf(budget));
  return store.subscribe(({ resource: changed, object }) => {
    if (changed === resource) queue.add(keyOf(object));
    if (changed !== "pods" && changed !== "deployments.apps") return;
    for (const budget of store.list(resource, object.metadata.namespace)) queue.add(keyOf(budget));
  });
}

/** Percentages of either field round up, as the disruption controller does it. */
function desiredHealthy(budget: KubeObject, expected: number): number {
  const { minAvailable, maxUnavailable } = budget.spec;
  if (maxUnavailable !== undefined) return Math.max(0, expected - resolveIntOrPercent(maxUnavailable, expected, "up"));
  return resolveIntOrPercent(minAvailable ?? 1, expected, "up");
}

import { conditionOf, isReady, type Pod } from "#sandbox/controllers/pod-shape.ts";

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

function deletionCost(pod: Pod): number {
  return Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0) || 0;
}

function readySince(pod: Pod): string {
  return conditionOf(pod, "Ready")?.lastTransitionTime ?? "";
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}

/**
 * Pods in the order a ReplicaSet deletes them: unassigned, then not running, then not ready, then cheap by their
 * deletion cost, then those whose node holds more of the set, then ready for a shorter time, more restarts, younger.
 * Rules: Kubernetes, "ReplicaSet: Scaling down". `alsoOnNode` counts the owner's active pods per node.
 */
export function rankForDeletion(pods: readonly Pod[], alsoOnNode: ReadonlyMap<string, number>): Pod[] {
  const crowd = (pod: Pod) => alsoOnNode.get(pod.spec.nodeName ?? "") ?? 0;
  const text = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  return [...pods].sort((left, right) =>
    Number(Boolean(left.spec.nodeName)) - Number(Boolean(right.spec.nodeName)) ||
    (phaseRank[left.status?.phase ?? "Pending"] ?? 0) - (phaseRank[right.status?.phase ?? "Pending"] ?? 0) ||
    Number(isReady(left)) - Number(isReady(right)) ||
    deletionCost(left) - deletionCost(right) ||
    crowd(right) - crowd(left) ||
    (isReady(left) && isReady(right) ? text(readySince(right), readySince(left)) : 0) ||
    restarts(right) - restarts(left) ||
    text(right.metadata.creationTimestamp, left.metadata.creationTimestamp) ||
    text(left.metadata.name, right.metadata.name));
}

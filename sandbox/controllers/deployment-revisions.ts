import type { KubeObject } from "#sandbox/kube/types.ts";
import { sameTemplate } from "#sandbox/controllers/pod-template-hash.ts";
import type { ProportionalSet } from "#sandbox/controllers/rolling-update.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
export const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";

/** Annotations of a Deployment that are its own affair and do not travel to its ReplicaSets. */
const notCopied = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  "deprecated.deployment.rollback.to",
]);

export function revisionOf(set: KubeObject): number {
  return Number.parseInt(set.metadata.annotations?.[revisionAnnotation] ?? "0", 10) || 0;
}

export function replicasOf(object: KubeObject): number {
  return object.spec.replicas ?? 1;
}

const oldestFirst = (left: KubeObject, right: KubeObject) =>
  left.metadata.creationTimestamp < right.metadata.creationTimestamp ? -1 :
  left.metadata.creationTimestamp > right.metadata.creationTimestamp ? 1 :
  left.metadata.name < right.metadata.name ? -1 : 1;

/** The set that runs the present template (the oldest, should there be several) and all others. */
export function splitSets(deployment: KubeObject, sets: readonly KubeObject[]): { newSet: KubeObject | undefined; oldSets: KubeObject[] } {
  const newSet = [...sets].sort(oldestFirst).find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { newSet, oldSets: sets.filter((set) => set !== newSet) };
}

/** Highest revision among the old sets, plus one: what the new set's revision must at least be. */
export function nextRevision(oldSets: readonly KubeObject[]): number {
  return Math.max(0, ...oldSets.map(revisionOf)) + 1;
}

/**
 * Annotations of the new set: the Deployment's, its revision (an earlier one goes into the history when the set is used again)
 * and its sizes.
 */
export function newSetAnnotations(deployment: KubeObject, existing: Record<string, string> | undefined, revision: number, maxSurge: number): Record<string, string> {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  const annotations: Record<string, string> = { ...existing, ...Object.fromEntries(copied) };
  const before = existing?.[revisionAnnotation];
  if (before === undefined || Number(before) < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (before !== undefined) {
      const history = existing?.[revisionHistoryAnnotation];
      annotations[revisionHistoryAnnotation] = history ? `${history},${before}` : before;
    }
  }
  return existing ? annotations : { ...annotations, ...sizeAnnotations(deployment, maxSurge) };
}

export function sizeAnnotations(deployment: KubeObject, maxSurge: number): Record<string, string> {
  return { [desiredReplicasAnnotation]: String(replicasOf(deployment)), [maxReplicasAnnotation]: String(replicasOf(deployment) + maxSurge) };
}

/** Whether the Deployment's size changed since its sets were last sized. */
export function isScalingEvent(deployment: KubeObject, sets: readonly KubeObject[]): boolean {
  return sets.some((set) => {
    const desired = set.metadata.annotations?.[desiredReplicasAnnotation];
    return replicasOf(set) > 0 && desired !== undefined && Number(desired) !== replicasOf(deployment);
  });
}

export function countsOf(set: KubeObject): ProportionalSet {
  const maxReplicas = Number(set.metadata.annotations?.[maxReplicasAnnotation]);
  return { name: set.metadata.name, replicas: replicasOf(set), available: set.status?.availableReplicas ?? 0, createdAt: set.metadata.creationTimestamp, ...(maxReplicas > 0 && { maxReplicas }) };
}

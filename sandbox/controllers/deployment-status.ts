import { withCondition } from "#sandbox/controllers/conditions.ts";
import type { Condition } from "#sandbox/controllers/pod-shape.ts";
import { positive } from "#sandbox/controllers/replicaset.ts";
import { replicasOf } from "#sandbox/controllers/deployment-revisions.ts";
import { rollingLimits } from "#sandbox/controllers/rolling-update.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  conditions?: Condition[];
  collisionCount?: number;
}

const sum = (sets: readonly KubeObject[], field: string) => sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);

/** Counts and the Available condition, from the status of the sets. */
export function countedStatus(deployment: KubeObject, sets: readonly KubeObject[], newSet: KubeObject | undefined, conditions: readonly Condition[], at: string): DeploymentStatus {
  const available = sum(sets, "availableReplicas");
  const all = sum(sets, "replicas");
  const limits = rollingLimits(replicasOf(deployment), deployment.spec.strategy);
  const enough = available >= limits.replicas - limits.maxUnavailable;
  const next: Condition = enough
    ? { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability.", lastUpdateTime: at }
    : { type: "Available", status: "False", reason: "MinimumReplicasUnavailable", message: "Deployment does not have minimum availability.", lastUpdateTime: at };
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    ...positive("replicas", all),
    ...positive("updatedReplicas", newSet?.status?.replicas ?? 0),
    ...positive("readyReplicas", sum(sets, "readyReplicas")),
    ...positive("availableReplicas", available),
    ...positive("unavailableReplicas", Math.max(0, sets.reduce((total, set) => total + replicasOf(set), 0) - available)),
    conditions: withCondition(conditions, next, at),
    ...(deployment.status?.collisionCount && { collisionCount: deployment.status.collisionCount }),
  };
}

/** Everything is on the new template, nothing is left of the old one, and all of it is available. */
export function isComplete(deployment: KubeObject, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (status.updatedReplicas ?? 0) === wanted && (status.replicas ?? 0) === wanted && (status.availableReplicas ?? 0) === wanted && (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 1);
}

/** More pods of the new template, fewer of the old, more ready or more available than before. */
export function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const more = (field: "updatedReplicas" | "readyReplicas" | "availableReplicas") => (after[field] ?? 0) > (before[field] ?? 0);
  return more("updatedReplicas") || old(after) < old(before) || more("readyReplicas") || more("availableReplicas");
}

export interface ProgressInput {
  deployment: KubeObject;
  newSet: KubeObject | undefined;
  before: DeploymentStatus;
  counted: DeploymentStatus;
  /** Sandbox milliseconds since the last progress. */
  stuckForMs: number;
  at: string;
}

/** The Progressing condition, with the reasons of the Deployment controller (progress.go). */
export function withProgress({ deployment, newSet, before, counted, stuckForMs, at }: ProgressInput): Condition[] {
  const conditions = counted.conditions ?? [];
  const current = conditions.find((condition) => condition.type === "Progressing");
  const deadlineSeconds: number | undefined = deployment.spec.progressDeadlineSeconds;
  if (deadlineSeconds === undefined) return conditions.filter((condition) => condition.type !== "Progressing");
  if ((counted.replicas ?? 0) === (counted.updatedReplicas ?? 0) && current?.reason === "NewReplicaSetAvailable") return conditions;
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const next = (status: "True" | "False", reason: string, message: string): Condition => ({ type: "Progressing", status, reason, message, lastUpdateTime: at });
  if (isComplete(deployment, counted)) return withCondition(conditions, next("True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`), at);
  if (hasProgressed(before, counted)) {
    const progressing = next("True", "ReplicaSetUpdated", `${subject} is progressing.`);
    const lastTransitionTime = current?.status === "True" ? current.lastTransitionTime : at;
    return [...conditions.filter((condition) => condition.type !== "Progressing"), { ...progressing, lastTransitionTime }];
  }
  const waiting = current !== undefined && current.reason !== "NewReplicaSetAvailable" && current.reason !== "DeploymentPaused";
  if (waiting && !deployment.spec.paused && (current.reason === "ProgressDeadlineExceeded" || stuckForMs > deadlineSeconds * 1000)) {
    return withCondition(conditions, next("False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`), at);
  }
  return conditions;
}

/** Failures of the sets to create pods, shown on the Deployment. */
export function withReplicaFailure(conditions: readonly Condition[], sets: readonly (KubeObject | undefined)[], at: string): Condition[] {
  const failure = sets.flatMap<Condition>((set) => set?.status?.conditions ?? []).find((condition) => condition.type === "ReplicaFailure" && condition.status === "True");
  if (!failure) return conditions.filter((condition) => condition.type !== "ReplicaFailure");
  return withCondition(conditions, { ...failure, lastUpdateTime: at }, at);
}

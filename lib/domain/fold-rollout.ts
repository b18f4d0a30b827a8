import { condition, controllerOf, desiredReplicas, fields, templateOf, whole } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";

export type RolloutPhase =
  /** Every pod is of the newest template and available. */
  | "complete"
  /** The controller is replacing or adding pods, or has not looked at the newest spec yet. */
  | "under-way"
  /** ProgressDeadlineExceeded. */
  | "failed";

export interface Rollout {
  phase: RolloutPhase;
  /** True once the newest template was fully rolled out, even when pods have failed since. */
  settledBefore: boolean;
  desired: number;
  updated: number;
  total: number;
  ready: number;
  available: number;
}

/**
 * Where a Deployment's rollout stands, by the same comparison as `kubectl rollout status`
 * (k8s.io/kubectl, pkg/polymorphichelpers/rollout_status.go): generation seen, then deadline, then updated, then old ones gone, then available.
 */
export function rolloutOf(deployment: RawObject): Rollout {
  const status = fields(deployment.status);
  const desired = desiredReplicas(deployment);
  const updated = whole(status["updatedReplicas"]);
  const total = whole(status["replicas"]);
  const available = whole(status["availableReplicas"]);
  const ready = whole(status["readyReplicas"]);
  const progressing = condition(deployment, "Progressing");
  const seen = whole(status["observedGeneration"]) >= (deployment.metadata.generation ?? 0);
  const counts = { desired, updated, total, ready, available };
  if (!seen) return { phase: "under-way", settledBefore: false, ...counts };
  if (progressing?.reason === "ProgressDeadlineExceeded") return { phase: "failed", settledBefore: false, ...counts };
  const complete = updated >= desired && total <= updated && available >= updated;
  // The controller writes this reason when a rollout ends and keeps it until the template changes again.
  const settledBefore = complete || (progressing?.reason === "NewReplicaSetAvailable" && total <= updated);
  return { phase: complete ? "complete" : "under-way", settledBefore, ...counts };
}

/** Structural equality of JSON values, whatever the order of keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = Object.entries(b).filter(([, value]) => value !== undefined);
  const other = new Map(right);
  return left.length === right.length && left.every(([key, value]) => other.has(key) && sameJson(value, other.get(key)));
}

function withoutHash(template: Record<string, unknown>): unknown {
  const metadata = fields(template["metadata"]);
  const { "pod-template-hash": _hash, ...labels } = fields(metadata["labels"]);
  const { creationTimestamp: _created, ...rest } = metadata;
  return { ...template, metadata: { ...rest, labels } };
}

function revision(object: RawObject): number {
  return Number.parseInt(object.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? "0", 10) || 0;
}

/** ReplicaSets the Deployment controls, newest revision first. */
export function replicaSetsOf(deployment: RawObject, replicaSets: Iterable<RawObject>): RawObject[] {
  return [...replicaSets].filter((set) => controllerOf(set) === deployment.metadata.uid).sort((a, b) => revision(b) - revision(a));
}

/**
 * The ReplicaSet of the newest template: the one whose template equals the Deployment's but for the hash label, as the controller itself finds it.
 * While the controller has not seen the newest spec there may be none; later the highest revision stands in (fields defaulted differently).
 */
export function currentReplicaSet(deployment: RawObject, owned: readonly RawObject[]): RawObject | undefined {
  const template = withoutHash(templateOf(deployment));
  const equal = owned.find((set) => sameJson(withoutHash(templateOf(set)), template));
  if (equal) return equal;
  const seen = whole(fields(deployment.status)["observedGeneration"]) >= (deployment.metadata.generation ?? 0);
  return seen ? owned[0] : undefined;
}

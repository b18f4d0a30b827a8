import { isDeepStrictEqual } from "node:util";
import { elapsedMs, toTime } from "#sandbox/controllers/clock.ts";
import { withCondition } from "#sandbox/controllers/conditions.ts";
import { asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import * as revisions from "#sandbox/controllers/deployment-revisions.ts";
import { countedStatus, hasProgressed, isComplete, withProgress, withReplicaFailure, type DeploymentStatus } from "#sandbox/controllers/deployment-status.ts";
import { createSetWriter } from "#sandbox/controllers/deployment-sets.ts";
import { controllerOf, isControlledBy, keyOf, splitKey } from "#sandbox/controllers/object-keys.ts";
import { asPod, isActive, type Condition } from "#sandbox/controllers/pod-shape.ts";
import { newSetSize, oldSetSizes, proportionalSizes, rollingLimits, type RollingLimits } from "#sandbox/controllers/rolling-update.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const resource = "deployments.apps";
const setResource = "replicasets.apps";
const { replicasOf, countsOf } = revisions;

/** Rolls Deployments. Logic: Kubernetes' Deployment controller (rolling.go, recreate.go, sync.go, progress.go). */
export function runDeployments(context: ControllerContext): () => void {
  const { store, clock } = context;
  const queue = createWorkQueue({ name: "deployment", clock, reconcile, onError: context.onError });
  const writer = createSetWriter(context);
  /** Moments of last progress, finer than the condition's whole seconds; lost on a restart, then the condition serves. */
  const lastProgressMs = new Map<string, number>();

  function setsOf(deployment: KubeObject): KubeObject[] {
    return store.list(setResource, deployment.metadata.namespace).filter((set) => isControlledBy(set, deployment));
  }

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const deployment = store.get(resource, namespace, name);
    if (!deployment) return;
    if (deployment.metadata.deletionTimestamp !== undefined) return writeStatus(deployment, false);
    writer.adopt(deployment);
    const paused = markPaused(deployment);
    const sets = setsOf(paused);
    if (paused.spec.paused || revisions.isScalingEvent(paused, sets)) {
      scaleOnly(paused);
      return writeStatus(paused, false);
    }
    if (paused.spec.strategy?.type === "Recreate") rollRecreate(paused);
    else rollGradually(paused);
    writeStatus(paused, true);
  }

  function markPaused(deployment: KubeObject): KubeObject {
    if (deployment.spec.progressDeadlineSeconds === undefined) return deployment;
    const reason = progressOf(deployment)?.reason;
    if (deployment.spec.paused && reason !== "DeploymentPaused") return setProgress(deployment, "Unknown", "DeploymentPaused", "Deployment is paused");
    if (!deployment.spec.paused && reason === "DeploymentPaused") return setProgress(deployment, "Unknown", "DeploymentResumed", "Deployment is resumed");
    return deployment;
  }

  function setProgress(deployment: KubeObject, status: Condition["status"], reason: string, message: string): KubeObject {
    const at = toTime(clock.now());
    lastProgressMs.set(deployment.metadata.uid, clock.now());
    return store.modify(resource, deployment.metadata.namespace, deployment.metadata.name, asStatus, (draft) => {
      draft.status = { ...draft.status, conditions: withCondition(draft.status?.conditions ?? [], { type: "Progressing", status, reason, message, lastUpdateTime: at }, at) };
    }) ?? deployment;
  }

  /** The set of the present template, made or brought up to date (revision, annotations), and the others. */
  function ensureNewSet(deployment: KubeObject): { newSet: KubeObject; oldSets: KubeObject[]; created: boolean } {
    const { newSet: found, oldSets } = revisions.splitSets(deployment, setsOf(deployment));
    const limits = rollingLimits(replicasOf(deployment), deployment.spec.strategy);
    const revision = revisions.nextRevision(oldSets);
    const empty = { name: "", replicas: 0, available: 0, createdAt: "" };
    const size = deployment.spec.strategy?.type === "Recreate" ? replicasOf(deployment) : newSetSize(limits, empty, oldSets.map(countsOf));
    const newSet = found ? writer.refresh(deployment, found, revision, limits) : writer.create(deployment, revision, limits, size);
    writer.recordRevision(deployment, newSet);
    if (!found) setProgress(deployment, "True", "NewReplicaSetCreated", `Created new replica set "${newSet.metadata.name}"`);
    else if (!progressOf(deployment) && deployment.spec.progressDeadlineSeconds !== undefined) setProgress(deployment, "True", "FoundNewReplicaSet", `Found new replica set "${newSet.metadata.name}"`);
    return { newSet, oldSets, created: !found };
  }

  function rollGradually(deployment: KubeObject): void {
    const { newSet, oldSets, created } = ensureNewSet(deployment);
    const limits = rollingLimits(replicasOf(deployment), deployment.spec.strategy);
    const counts = { newSet: countsOf(newSet), old: oldSets.map(countsOf) };
    if (created && replicasOf(newSet) > 0) return;
    if (writer.scale(deployment, newSet, newSetSize(limits, counts.newSet, [counts.newSet, ...counts.old]), limits)) return;
    const sizes = oldSetSizes(limits, counts.newSet, counts.old);
    const shrunk = oldSets.filter((set) => writer.scale(deployment, set, sizes.get(set.metadata.name) ?? 0, limits));
    if (shrunk.length === 0) cleanUp(deployment, oldSets);
  }

  function rollRecreate(deployment: KubeObject): void {
    const limits = rollingLimits(replicasOf(deployment), deployment.spec.strategy);
    const { oldSets } = revisions.splitSets(deployment, setsOf(deployment));
    const shrunk = oldSets.filter((set) => writer.scale(deployment, set, 0, limits));
    if (shrunk.length > 0) return;
    const oldUids = new Set(oldSets.map((set) => set.metadata.uid));
    const oldPods = store.list("pods", deployment.metadata.namespace).map(asPod).filter((pod) => oldUids.has(controllerOf(pod)?.uid ?? "") && (isActive(pod) || pod.metadata.deletionTimestamp !== undefined));
    if (oldPods.length > 0) return;
    const ensured = ensureNewSet(deployment);
    writer.scale(deployment, ensured.newSet, limits.replicas, limits);
    cleanUp(deployment, ensured.oldSets);
  }

  /** Size changes without rolling: while paused, or when replicas changed in the middle of a rollout. */
  function scaleOnly(deployment: KubeObject): void {
    const limits = rollingLimits(replicasOf(deployment), deployment.spec.strategy);
    const { newSet, oldSets } = revisions.splitSets(deployment, setsOf(deployment));
    const active = [...oldSets, ...(newSet ? [newSet] : [])].filter((set) => replicasOf(set) > 0);
    const latestOld = [...oldSets].sort((left, right) => revisions.revisionOf(right) - revisions.revisionOf(left))[0];
    const only = active.length === 0 ? (newSet ?? latestOld) : active.length === 1 ? active[0] : undefined;
    if (only) {
      writer.scale(deployment, only, limits.replicas, limits);
      return;
    }
    if (newSet && isSaturated(newSet, limits)) {
      for (const set of oldSets) writer.scale(deployment, set, 0, limits);
      return;
    }
    if (deployment.spec.strategy?.type === "Recreate") return;
    const sizes = proportionalSizes(limits, active.map(countsOf), deployment.status?.replicas ?? 0);
    for (const set of active) writer.scale(deployment, set, sizes.get(set.metadata.name) ?? 0, limits);
  }

  function isSaturated(set: KubeObject, limits: RollingLimits): boolean {
    return replicasOf(set) === limits.replicas && (set.status?.availableReplicas ?? 0) === limits.replicas && set.metadata.annotations?.[revisions.desiredReplicasAnnotation] === String(limits.replicas);
  }

  function cleanUp(deployment: KubeObject, oldSets: readonly KubeObject[]): void {
    const keep: number = deployment.spec.revisionHistoryLimit ?? 10;
    const { newSet } = revisions.splitSets(deployment, setsOf(deployment));
    if (!isComplete(deployment, countedStatus(deployment, setsOf(deployment), newSet, [], ""))) return;
    const removable = oldSets.filter((set) => set.metadata.deletionTimestamp === undefined).sort((left, right) => revisions.revisionOf(left) - revisions.revisionOf(right));
    for (const set of removable.slice(0, Math.max(0, removable.length - keep))) {
      if (replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0) store.delete(setResource, set.metadata.namespace, set.metadata.name, { uid: set.metadata.uid });
    }
  }

  function writeStatus(stale: KubeObject, rolling: boolean): void {
    const deployment = store.get(resource, stale.metadata.namespace, stale.metadata.name);
    if (!deployment) return;
    const sets = setsOf(deployment);
    const { newSet, oldSets } = revisions.splitSets(deployment, sets);
    const at = toTime(clock.now());
    const before: DeploymentStatus = deployment.status ?? {};
    const counted = countedStatus(deployment, sets, newSet, before.conditions ?? [], at);
    if (rolling) {
      if (hasProgressed(before, counted)) lastProgressMs.set(deployment.metadata.uid, clock.now());
      counted.conditions = withProgress({ deployment, newSet, before, counted, stuckForMs: stuckForMs(deployment), at });
    }
    counted.conditions = withReplicaFailure(counted.conditions ?? [], [newSet, ...oldSets], at);
    if (!isDeepStrictEqual(counted, before)) {
      store.modify(resource, deployment.metadata.namespace, deployment.metadata.name, asStatus, (draft) => {
        draft.status = counted;
      });
    }
    if (rolling) checkAgainAtDeadline(deployment, counted);
  }

  function stuckForMs(deployment: KubeObject): number {
    const condition = progressOf(deployment);
    return elapsedMs(clock, lastProgressMs.get(deployment.metadata.uid) ?? Date.parse(condition?.lastUpdateTime ?? toTime(clock.now())));
  }

  function checkAgainAtDeadline(deployment: KubeObject, status: DeploymentStatus): void {
    const reason = status.conditions?.find((condition) => condition.type === "Progressing")?.reason;
    const deadlineSeconds: number | undefined = deployment.spec.progressDeadlineSeconds;
    if (deadlineSeconds === undefined || reason === undefined || reason === "ProgressDeadlineExceeded" || isComplete(deployment, status)) return;
    queue.addAfter(keyOf(deployment), Math.max(0, deadlineSeconds * 1000 - stuckForMs(deployment)) + 50);
  }

  for (const deployment of store.list(resource)) queue.add(keyOf(deployment));
  return store.subscribe(({ resource: changed, type, object }) => {
    if (changed === resource) {
      if (type === "DELETED") lastProgressMs.delete(object.metadata.uid);
      else queue.add(keyOf(object));
    }
    if (changed === setResource) {
      const owner = controllerOf(object);
      if (owner?.kind === "Deployment") queue.add(`${object.metadata.namespace}/${owner.name}`);
    }
    // Recreate waits for the last old pod to be gone.
    if (changed === "pods" && type === "DELETED") {
      const owner = controllerOf(object);
      const set = owner && store.get(setResource, object.metadata.namespace, owner.name);
      const deployment = set && controllerOf(set);
      if (deployment?.kind === "Deployment") queue.add(`${object.metadata.namespace}/${deployment.name}`);
    }
  });
}

function progressOf(deployment: KubeObject): Condition | undefined {
  const conditions: Condition[] = deployment.status?.conditions ?? [];
  return conditions.find((condition) => condition.type === "Progressing");
}

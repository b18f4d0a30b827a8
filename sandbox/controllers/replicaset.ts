import { isDeepStrictEqual } from "node:util";
import { elapsedMs, toTime } from "#sandbox/controllers/clock.ts";
import { withCondition } from "#sandbox/controllers/conditions.ts";
import { asController, asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { matchesLabelSelector } from "#sandbox/kube/objects/selectors.ts";
import { controllerOf, controllerReference, isControlledBy, keyOf, randomSuffix, splitKey } from "#sandbox/controllers/object-keys.ts";
import { asPod, conditionOf, isActive, isReady, type Condition, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { rankForDeletion } from "#sandbox/controllers/replicaset-ranking.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const resource = "replicasets.apps";
const component = "replicaset-controller";
/** After a refused pod. The real controller waits up to a thousand seconds; people at a demo do not. */
const firstRetryMs = 1_000;
const lastRetryMs = 16_000;

/** Keeps each ReplicaSet at its number of pods. Returns the function that stops listening. */
export function runReplicaSets(context: ControllerContext): () => void {
  const { store, clock, random, events } = context;
  /** Creations refused in a row, by the set's uid. */
  const refusals = new Map<string, number>();
  const queue = createWorkQueue({ name: "replicaset", clock, reconcile, onError: context.onError });

  function claim(set: KubeObject): Pod[] {
    const pods = store.list("pods", set.metadata.namespace).map(asPod);
    return pods.filter((pod) => {
      const owner = controllerOf(pod);
      const matches = matchesLabelSelector(set.spec.selector, pod.metadata.labels);
      if (owner?.uid === set.metadata.uid) {
        if (!matches) release(pod, set);
        return matches;
      }
      if (owner || !matches || !isActive(pod) || set.metadata.deletionTimestamp !== undefined) return false;
      adopt(pod, set);
      return true;
    });
  }

  function release(pod: Pod, set: KubeObject): void {
    store.modify("pods", pod.metadata.namespace, pod.metadata.name, asController, (draft) => {
      draft.metadata.ownerReferences = draft.metadata.ownerReferences?.filter((owner) => owner.uid !== set.metadata.uid);
    });
  }

  function adopt(pod: Pod, set: KubeObject): void {
    store.modify("pods", pod.metadata.namespace, pod.metadata.name, asController, (draft) => {
      draft.metadata.ownerReferences = [...(draft.metadata.ownerReferences ?? []), controllerReference(set)];
    });
  }

  function createPod(set: KubeObject): void {
    const generateName = `${set.metadata.name}-`;
    let name = generateName + randomSuffix(random);
    while (store.get("pods", set.metadata.namespace, name)) name = generateName + randomSuffix(random);
    const template = structuredClone(set.spec.template);
    const { labels, annotations } = template.metadata ?? {};
    store.create("pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, generateName, namespace: set.metadata.namespace, labels, ...(annotations && { annotations }), ownerReferences: [controllerReference(set)] } as KubeObject["metadata"],
      spec: template.spec,
    }, asController);
    events.record(set, { type: "Normal", reason: "SuccessfulCreate", message: `Created pod: ${name}`, component });
  }

  function createMissing(set: KubeObject, missing: number): string | undefined {
    try {
      for (let index = 0; index < missing; index++) createPod(set);
      refusals.delete(set.metadata.uid);
      return undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      events.record(set, { type: "Warning", reason: "FailedCreate", message: `Error creating: ${message}`, component });
      const count = (refusals.get(set.metadata.uid) ?? 0) + 1;
      refusals.set(set.metadata.uid, count);
      queue.addAfter(keyOf(set), Math.min(lastRetryMs, firstRetryMs * 2 ** (count - 1)));
      return message;
    }
  }

  function deleteSurplus(set: KubeObject, active: readonly Pod[], surplus: number): void {
    const crowd = new Map<string, number>();
    const family = siblings(set);
    for (const pod of store.list("pods", set.metadata.namespace).map(asPod)) {
      const owner = controllerOf(pod)?.uid;
      if (pod.spec.nodeName && isActive(pod) && owner !== undefined && family.has(owner)) crowd.set(pod.spec.nodeName, (crowd.get(pod.spec.nodeName) ?? 0) + 1);
    }
    for (const pod of rankForDeletion(active, crowd).slice(0, surplus)) {
      store.delete("pods", pod.metadata.namespace, pod.metadata.name, { uid: pod.metadata.uid });
      events.record(set, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${pod.metadata.name}`, component });
    }
  }

  /** The ReplicaSets of the same Deployment: their pods crowd a node together. */
  function siblings(set: KubeObject): Set<string> {
    const owner = controllerOf(set)?.uid;
    const sets = store.list(resource, set.metadata.namespace).filter((other) => owner !== undefined && controllerOf(other)?.uid === owner);
    return new Set([set.metadata.uid, ...sets.map((other) => other.metadata.uid)]);
  }

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const set = store.get(resource, namespace, name);
    if (!set) return;
    const active = claim(set).filter(isActive);
    const wanted: number = set.spec.replicas ?? 1;
    let failure: string | undefined;
    if (set.metadata.deletionTimestamp === undefined) {
      if (active.length < wanted) failure = createMissing(set, wanted - active.length);
      if (active.length > wanted) deleteSurplus(set, active, active.length - wanted);
    }
    writeStatus(set, wanted - active.length, failure);
  }

  function writeStatus(set: KubeObject, difference: number, failure: string | undefined): void {
    const { namespace, name } = set.metadata;
    const pods = store.list("pods", namespace).map(asPod).filter((pod) => isControlledBy(pod, set) && isActive(pod));
    const labels = Object.entries<string>(set.spec.template.metadata?.labels ?? {});
    const ready = pods.filter(isReady);
    const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
    const available = ready.filter((pod) => readyForMs(pod) >= minReadyMs);
    for (const pod of ready) {
      const restMs = minReadyMs - readyForMs(pod);
      if (restMs > 0) queue.addAfter(`${namespace}/${name}`, restMs + 10);
    }
    store.modify(resource, namespace, name, asStatus, (draft) => {
      const at = toTime(clock.now());
      let conditions: Condition[] = draft.status?.conditions ?? [];
      if (failure !== undefined) conditions = withCondition(conditions, { type: "ReplicaFailure", status: "True", reason: difference < 0 ? "FailedDelete" : "FailedCreate", message: failure }, at);
      else conditions = conditions.filter((condition) => condition.type !== "ReplicaFailure");
      const status = {
        replicas: pods.length,
        ...positive("fullyLabeledReplicas", pods.filter((pod) => labels.every(([label, value]) => pod.metadata.labels?.[label] === value)).length),
        ...positive("readyReplicas", ready.length),
        ...positive("availableReplicas", available.length),
        observedGeneration: draft.metadata.generation ?? 1,
        ...(conditions.length > 0 && { conditions }),
      };
      if (isDeepStrictEqual(status, draft.status)) return false;
      draft.status = status;
    });
  }

  function readyForMs(pod: Pod): number {
    return elapsedMs(clock, Date.parse(conditionOf(pod, "Ready")?.lastTransitionTime ?? ""));
  }

  for (const set of store.list(resource)) queue.add(keyOf(set));
  return store.subscribe(({ resource: changed, type, object }) => {
    if (changed === resource && type !== "DELETED") queue.add(keyOf(object));
    if (changed === resource && type === "DELETED") refusals.delete(object.metadata.uid);
    if (changed !== "pods") return;
    const owner = controllerOf(object);
    if (owner?.kind === "ReplicaSet") return queue.add(`${object.metadata.namespace}/${owner.name}`);
    if (owner || type === "DELETED") return;
    for (const set of store.list(resource, object.metadata.namespace)) {
      if (matchesLabelSelector(set.spec.selector, object.metadata.labels)) queue.add(keyOf(set));
    }
  });
}

/** Counts of zero are left out, as Go's omitempty does. */
export function positive<Name extends string>(name: Name, count: number): Partial<Record<Name, number>> {
  return count > 0 ? ({ [name]: count } as Record<Name, number>) : {};
}

import { toTime } from "#sandbox/controllers/clock.ts";
import { withFreshCondition } from "#sandbox/controllers/conditions.ts";
import { asController, asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { controllerOf, keyOf, splitKey } from "#sandbox/controllers/object-keys.ts";
import { asPod, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { chooseNode, requests, unschedulableMessage, whyNot, type NodeUse } from "#sandbox/controllers/scheduling.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";

const component = "default-scheduler";
/** A pod that did not fit is tried again when something changes, but not more often than this. */
const retryMs = 1_000;

/** Binds pods to nodes. Returns the function that stops listening. */
export function runScheduler(context: ControllerContext): () => void {
  const { store, clock, events } = context;
  const queue = createWorkQueue({ name: "scheduler", clock, reconcile, onError: context.onError });
  const waiting = new Set<string>();
  let retrying: (() => void) | undefined;

  function usage(): NodeUse[] {
    const pods = store.list("pods").map(asPod).filter((pod) => pod.spec.nodeName && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed");
    return store.list("nodes").map((node) => {
      const own = pods.filter((pod) => pod.spec.nodeName === node.metadata.name);
      return { node, pods: own, milliCpu: sum(own, "cpu"), memory: sum(own, "memory") };
    });
  }

  function sum(pods: readonly Pod[], kind: "cpu" | "memory"): number {
    return pods.reduce((total, pod) => total + requests(pod, kind), 0);
  }

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const found = store.get("pods", namespace, name);
    waiting.delete(key);
    if (!found) return;
    const pod = asPod(found);
    if (pod.spec.nodeName || pod.metadata.deletionTimestamp !== undefined) return;
    const nodes = usage();
    const owner = controllerOf(pod)?.uid;
    const fitting = nodes.filter((use) => whyNot(pod, use).length === 0);
    const node = chooseNode(pod, fitting, (other) => owner !== undefined && controllerOf(other)?.uid === owner);
    if (node === undefined) return reject(pod, unschedulableMessage(nodes.map((use) => whyNot(pod, use))));
    store.modify("pods", namespace, name, asController, (draft) => {
      draft.spec.nodeName = node;
    });
    writeCondition(pod, "True");
    events.record(pod, { type: "Normal", reason: "Scheduled", message: `Successfully assigned ${key} to ${node}`, component });
  }

  function reject(pod: Pod, message: string): void {
    waiting.add(keyOf(pod));
    writeCondition(pod, "False", message);
    events.record(pod, { type: "Warning", reason: "FailedScheduling", message, component });
  }

  function writeCondition(pod: Pod, status: "True" | "False", message?: string): void {
    store.modify("pods", pod.metadata.namespace, pod.metadata.name, asStatus, (draft) => {
      const known = asPod(draft).status ?? {};
      const current = known.conditions?.find((condition) => condition.type === "PodScheduled");
      if (current && current.status === status && current.message === message) return false;
      const next = { type: "PodScheduled", status, lastProbeTime: null, ...(message !== undefined && { reason: "Unschedulable", message }) };
      draft.status = { ...known, phase: known.phase ?? "Pending", conditions: withFreshCondition(known.conditions ?? [], next, toTime(clock.now())) };
    });
  }

  function retryWaiting(): void {
    if (waiting.size === 0) return;
    retrying ??= clock.after(retryMs, () => {
      retrying = undefined;
      for (const key of waiting) queue.add(key);
    });
  }

  for (const pod of store.list("pods")) if (!asPod(pod).spec.nodeName) queue.add(keyOf(pod));
  let nodeFacts = "";
  return store.subscribe(({ resource, type, object }) => {
    if (resource === "pods") {
      if (type === "ADDED" && !asPod(object).spec.nodeName) queue.add(keyOf(object));
      if (type === "DELETED") {
        waiting.delete(keyOf(object));
        retryWaiting();
      }
    }
    if (resource === "nodes" && waiting.size > 0) {
      const facts = store.list("nodes").map((node) => JSON.stringify([node.spec, node.metadata.labels, node.status?.allocatable])).join();
      if (facts !== nodeFacts) retryWaiting();
      nodeFacts = facts;
    }
  });
}

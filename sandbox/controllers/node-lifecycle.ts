import { elapsedMs, toMicroTime, toTime } from "#sandbox/controllers/clock.ts";
import { withFreshCondition } from "#sandbox/controllers/conditions.ts";
import { asController, asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { isNodeDown, isNodeReady, taintsOf, type Taint } from "#sandbox/controllers/node-shape.ts";
import { asPod, type Condition, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { tolerates } from "#sandbox/controllers/scheduling.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const leases = "leases.coordination.k8s.io";
const leaseNamespace = "kube-node-lease";
const component = "node-controller";
const checkEveryMs = 1_000;
const unreachable = "node.kubernetes.io/unreachable";
const kubeletConditions: [type: string, reason: string, message: string][] = [
  ["MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  ["DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
];

/** Heartbeats of the nodes that are up; and what the control plane does about those that fall silent. */
export function runNodeLifecycle(context: ControllerContext): () => void {
  const { store, clock, times, events } = context;
  const evictions = new Map<string, () => void>();
  let checkedAtMs = clock.now();

  function heartbeat(node: KubeObject): void {
    const { name, uid } = node.metadata;
    const renewTime = toMicroTime(clock.now());
    const renewed = store.modify(leases, leaseNamespace, name, asController, (draft) => {
      draft.spec.renewTime = renewTime;
    });
    if (!renewed) {
      store.create(leases, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { name, namespace: leaseNamespace, ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] } as KubeObject["metadata"],
        spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime },
      }, asController);
    }
    if (!isNodeReady(node)) becomeReady(node);
  }

  function becomeReady(node: KubeObject): void {
    const at = toTime(clock.now());
    store.modify("nodes", undefined, node.metadata.name, asStatus, (draft) => {
      let conditions: Condition[] = draft.status?.conditions ?? [];
      for (const [type, reason, message] of kubeletConditions) conditions = withFreshCondition(conditions, { type, status: "False", reason, message, lastHeartbeatTime: at }, at);
      conditions = withFreshCondition(conditions, { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status", lastHeartbeatTime: at }, at);
      draft.status = { ...draft.status, conditions };
    });
    writeTaints(node.metadata.name, (taints) => taints.filter((taint) => taint.key !== unreachable));
    events.record(node, { type: "Normal", reason: "NodeReady", message: `Node ${node.metadata.name} status is now: NodeReady`, component: "kubelet", host: node.metadata.name });
    for (const pod of podsOf(node)) cancelEviction(pod);
  }

  function lose(node: KubeObject): void {
    const { name } = node.metadata;
    const at = toTime(clock.now());
    store.modify("nodes", undefined, name, asStatus, (draft) => {
      const conditions: Condition[] = draft.status?.conditions ?? [];
      draft.status = { ...draft.status, conditions: conditions.reduce<Condition[]>((written, condition) => withFreshCondition(written, { ...condition, status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." }, at), conditions) };
    });
    writeTaints(name, (taints) => [
      ...taints.filter((taint) => taint.key !== unreachable),
      { key: unreachable, effect: "NoSchedule", timeAdded: at },
      { key: unreachable, effect: "NoExecute", timeAdded: at },
    ]);
    events.record(node, { type: "Normal", reason: "NodeNotReady", message: `Node ${name} status is now: NodeNotReady`, component });
    for (const pod of podsOf(node)) {
      markNotReady(pod, at);
      scheduleEviction(pod);
    }
  }

  function writeTaints(name: string, change: (taints: Taint[]) => Taint[]): void {
    store.modify("nodes", undefined, name, asController, (draft) => {
      const taints = change(taintsOf(draft));
      if (taints.length > 0) draft.spec = { ...draft.spec, taints };
      else if (draft.spec?.taints) delete draft.spec.taints;
      else return false;
    });
  }

  function markNotReady(pod: Pod, at: string): void {
    let marked = false;
    store.modify("pods", pod.metadata.namespace, pod.metadata.name, asStatus, (draft) => {
      const status = asPod(draft).status ?? {};
      const ready = status.conditions?.find((condition) => condition.type === "Ready");
      if (ready?.status !== "True") return false;
      draft.status = { ...status, conditions: withFreshCondition(status.conditions ?? [], { ...ready, status: "False" }, at) };
      marked = true;
    });
    if (marked) events.record(pod, { type: "Warning", reason: "NodeNotReady", message: "Node is not ready", component });
  }

  function scheduleEviction(pod: Pod): void {
    const { uid, namespace, name } = pod.metadata;
    const taint: Taint = { key: unreachable, effect: "NoExecute" };
    const toleration = pod.spec.tolerations?.find((candidate) => tolerates([candidate], taint));
    if (evictions.has(uid) || (toleration && toleration.tolerationSeconds === undefined)) return;
    // 300 s is what admission adds to every pod, not a wish of its author: the sandbox's own time stands for it.
    const ownSeconds = toleration?.tolerationSeconds === 300 ? undefined : toleration?.tolerationSeconds;
    const delayMs = ownSeconds === undefined ? times.evictionMs : ownSeconds * 1000;
    evictions.set(uid, clock.after(delayMs, () => {
      evictions.delete(uid);
      const current = store.get("pods", namespace, name);
      if (!current || current.metadata.uid !== uid || current.metadata.deletionTimestamp !== undefined) return;
      events.record(current, { type: "Normal", reason: "TaintManagerEviction", message: `Marking for deletion Pod ${namespace}/${name}`, component: "taint-eviction-controller" });
      store.delete("pods", namespace, name, { uid });
    }));
  }

  function cancelEviction(pod: Pod): void {
    evictions.get(pod.metadata.uid)?.();
    evictions.delete(pod.metadata.uid);
  }

  function podsOf(node: KubeObject): Pod[] {
    return store.list("pods").map(asPod).filter((pod) => pod.spec.nodeName === node.metadata.name);
  }

  function renewAll(): void {
    for (const node of store.list("nodes")) if (!isNodeDown(node)) heartbeat(node);
    clock.after(times.leaseRenewMs, renewAll);
  }

  function checkSilence(): void {
    // When this process itself was held up, the heartbeats are as late as this check, and nobody was silent.
    const heldUp = elapsedMs(clock, checkedAtMs) > checkEveryMs + times.nodeGraceMs / 5;
    checkedAtMs = clock.now();
    for (const node of heldUp ? [] : store.list("nodes")) {
      if (!isNodeReady(node)) continue;
      const renewTime = store.get(leases, leaseNamespace, node.metadata.name)?.spec?.renewTime;
      const silentForMs = elapsedMs(clock, Date.parse(renewTime ?? node.metadata.creationTimestamp));
      if (silentForMs > times.nodeGraceMs) lose(node);
    }
    clock.after(checkEveryMs, checkSilence);
  }

  renewAll();
  for (const node of store.list("nodes")) if (!isNodeReady(node)) for (const pod of podsOf(node)) scheduleEviction(pod);
  clock.after(checkEveryMs, checkSilence);
  return store.subscribe(({ resource, type, object }) => {
    // Pods of a node that was removed have nobody left to confirm their end.
    if (resource === "nodes" && type === "DELETED") {
      for (const pod of podsOf(object)) store.delete("pods", pod.metadata.namespace, pod.metadata.name, { gracePeriodSeconds: 0 });
    }
    // A node that comes back reports at once; it does not wait for its next turn.
    if (resource === "nodes" && type !== "DELETED" && !isNodeDown(object) && !isNodeReady(object)) {
      clock.soon(() => {
        const node = store.get("nodes", undefined, object.metadata.name);
        if (node && !isNodeDown(node) && !isNodeReady(node)) heartbeat(node);
      });
    }
  });
}

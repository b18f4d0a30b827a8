import type { ControllerContext } from "#sandbox/controllers/context.ts";
import { createPodWorker, type NodeRuntime, type PodWorker } from "#sandbox/controllers/kubelet-pod.ts";
import { createNodeImages, type NodeImages } from "#sandbox/controllers/node-images.ts";
import { isNodeDown, nodeAddress } from "#sandbox/controllers/node-shape.ts";
import { asPod, type Pod } from "#sandbox/controllers/pod-shape.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

/** Plays the kubelets of all nodes: pods bound to a node that is up are run, those of a node that is down stay as they were. */
export function runKubelets(context: ControllerContext): () => void {
  const { store, clock, catalogue, containers: host } = context;
  const workers = new Map<string, { worker: PodWorker; node: string }>();
  const imagesByNode = new Map<string, NodeImages>();
  const downNodes = new Set<string>();

  function imagesOf(node: string): NodeImages {
    let images = imagesByNode.get(node);
    if (!images) imagesByNode.set(node, (images = createNodeImages({ store, catalogue, node })));
    return images;
  }

  function runtimeOf(node: KubeObject): NodeRuntime {
    return {
      name: node.metadata.name,
      hostIP: nodeAddress(node),
      architecture: node.metadata.labels?.["kubernetes.io/arch"] ?? node.status?.nodeInfo?.architecture ?? "arm64",
      images: imagesOf(node.metadata.name),
      allocatePodIP: () => freePodIP(node),
    };
  }

  function freePodIP(node: KubeObject): string {
    const prefix = String(node.spec?.podCIDR ?? "10.42.0.0/24").replace(/\.\d+\/\d+$/, "");
    const used = new Set(store.list("pods").map((pod) => asPod(pod).status?.podIP));
    let last = nextAddress.get(prefix) ?? 2;
    for (let tries = 0; tries < 253 && used.has(`${prefix}.${last}`); tries++) last = last >= 254 ? 2 : last + 1;
    nextAddress.set(prefix, last >= 254 ? 2 : last + 1);
    return `${prefix}.${last}`;
  }
  const nextAddress = new Map<string, number>();

  function consider(pod: Pod, existing: "fresh" | "restored" | "rebooted"): void {
    const { uid, namespace, name } = pod.metadata;
    const known = workers.get(uid);
    if (known) return known.worker.update(pod);
    const nodeName = pod.spec.nodeName;
    if (nodeName === undefined || nodeName === "") {
      // No kubelet will ever confirm the end of a pod that was not bound.
      if (pod.metadata.deletionTimestamp !== undefined) clock.soon(() => store.delete("pods", namespace, name, { gracePeriodSeconds: 0, uid }));
      return;
    }
    const node = store.get("nodes", undefined, nodeName);
    if (!node || downNodes.has(nodeName)) return;
    const worker = createPodWorker(context, runtimeOf(node), pod, existing);
    workers.set(uid, { worker, node: nodeName });
    if (pod.metadata.deletionTimestamp !== undefined) worker.update(pod);
  }

  function removed(pod: KubeObject): void {
    workers.get(pod.metadata.uid)?.worker.dispose();
    workers.delete(pod.metadata.uid);
    host.forget(pod.metadata.uid);
  }

  function nodeChanged(node: KubeObject): void {
    const { name } = node.metadata;
    const down = isNodeDown(node);
    if (down === downNodes.has(name)) return;
    if (down) {
      downNodes.add(name);
      for (const [uid, entry] of workers) {
        if (entry.node !== name) continue;
        entry.worker.dispose();
        workers.delete(uid);
        host.forget(uid);
      }
    } else {
      downNodes.delete(name);
      for (const pod of store.list("pods").map(asPod)) if (pod.spec.nodeName === name) consider(pod, "rebooted");
    }
  }

  const stopExits = host.onExit((exit) => workers.get(exit.podUid)?.worker.containerExited(exit));

  for (const node of store.list("nodes")) if (isNodeDown(node)) downNodes.add(node.metadata.name);
  for (const pod of store.list("pods").map(asPod)) {
    for (const status of pod.status?.containerStatuses ?? []) {
      const image = status.imageID === "" ? undefined : catalogue.resolve(status.imageID);
      if (image && pod.spec.nodeName) imagesOf(pod.spec.nodeName).add(status.image, image);
    }
    consider(pod, "restored");
  }

  const unsubscribe = store.subscribe(({ resource, type, object }) => {
    if (resource === "nodes" && type !== "DELETED") nodeChanged(object);
    if (resource === "pods") {
      if (type === "DELETED") removed(object);
      else consider(asPod(object), "fresh");
    }
    if ((resource === "configmaps" || resource === "secrets") && type !== "DELETED") {
      for (const pod of store.list("pods", object.metadata.namespace)) workers.get(pod.metadata.uid)?.worker.retryConfiguration();
    }
  });

  return () => {
    unsubscribe();
    stopExits();
    for (const { worker } of workers.values()) worker.dispose();
  };
}

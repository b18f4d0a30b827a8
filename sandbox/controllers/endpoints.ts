import { isDeepStrictEqual } from "node:util";
import { asController, type ControllerContext } from "#sandbox/controllers/context.ts";
import { matchesSelector } from "#sandbox/controllers/label-selector.ts";
import { controllerReference, keyOf, splitKey } from "#sandbox/controllers/object-keys.ts";
import { asPod, isReady, portNumber, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
  protocol?: string;
}

interface EndpointSubset {
  addresses?: Record<string, unknown>[];
  notReadyAddresses?: Record<string, unknown>[];
  ports: { name?: string; port: number; protocol: string }[];
}

/** Keeps the Endpoints of each Service with a selector: addresses of ready pods, and of those that are not. */
export function runEndpoints(context: ControllerContext): () => void {
  const { store, clock } = context;
  const queue = createWorkQueue({ name: "endpoints", clock, reconcile, onError: context.onError });

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const service = store.get("services", namespace, name);
    if (!service) {
      if (store.get("endpoints", namespace, name)) store.delete("endpoints", namespace, name);
      return;
    }
    if (!service.spec?.selector) return;
    const subsets = subsetsOf(service);
    const written = store.modify("endpoints", namespace, name, asController, (draft) => {
      if (isDeepStrictEqual(draft.subsets ?? [], subsets)) return false;
      draft.subsets = subsets;
    });
    if (written) return;
    store.create("endpoints", {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name, namespace, labels: { ...service.metadata.labels }, ownerReferences: [controllerReference(service)] } as KubeObject["metadata"],
      subsets,
    }, asController);
  }

  function subsetsOf(service: KubeObject): EndpointSubset[] {
    const pods = store.list("pods", service.metadata.namespace).map(asPod)
      .filter((pod) => pod.status?.podIP && pod.metadata.deletionTimestamp === undefined && pod.status.phase === "Running" && matchesSelector({ matchLabels: service.spec.selector }, pod.metadata.labels))
      .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
    const byPorts = new Map<string, EndpointSubset>();
    for (const pod of pods) {
      const ports = (service.spec.ports ?? []).flatMap((port: ServicePort) => {
        const number = targetPort(pod, port);
        return number === undefined ? [] : [{ ...(port.name && { name: port.name }), port: number, protocol: port.protocol ?? "TCP" }];
      });
      if (ports.length === 0) continue;
      const shape = JSON.stringify(ports);
      const subset: EndpointSubset = byPorts.get(shape) ?? { ports };
      byPorts.set(shape, subset);
      const list = isReady(pod) || service.spec.publishNotReadyAddresses ? (subset.addresses ??= []) : (subset.notReadyAddresses ??= []);
      list.push({ ip: pod.status?.podIP, nodeName: pod.spec.nodeName, targetRef: { kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid } });
    }
    return [...byPorts.values()];
  }

  function targetPort(pod: Pod, port: ServicePort): number | undefined {
    const target = port.targetPort ?? port.port;
    for (const container of pod.spec.containers) {
      const number = portNumber(container, target);
      if (number !== undefined) return number;
    }
    return undefined;
  }

  for (const service of store.list("services")) queue.add(keyOf(service));
  return store.subscribe(({ resource, object }) => {
    if (resource === "services") queue.add(keyOf(object));
    if (resource !== "pods") return;
    for (const service of store.list("services", object.metadata.namespace)) {
      if (matchesSelector({ matchLabels: service.spec?.selector ?? { "": "" } }, object.metadata.labels)) queue.add(keyOf(service));
    }
  });
}

import { isDeepStrictEqual } from "node:util";
import { asController, type ControllerContext } from "#sandbox/controllers/context.ts";
import { matchesLabelSelector } from "#sandbox/kube/objects/selectors.ts";
import { controllerReference, keyOf, splitKey } from "#sandbox/controllers/object-keys.ts";
import { slicesOf, writeSlice } from "#sandbox/controllers/endpoint-slice.ts";
import { targetPort, type ServicePort } from "#sandbox/controllers/service-port.ts";
import { asPod, isReady, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { createWorkQueue } from "#sandbox/controllers/work-queue.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

interface EndpointSubset {
  addresses?: Record<string, unknown>[];
  notReadyAddresses?: Record<string, unknown>[];
  ports: { name?: string; port: number; protocol: string }[];
}

/** Keeps the Endpoints and the EndpointSlice of each Service with a selector: addresses of ready pods, and of those that are not. */
export function runEndpoints(context: ControllerContext): () => void {
  const { store, clock } = context;
  const queue = createWorkQueue({ name: "endpoints", clock, reconcile, onError: context.onError });

  function reconcile(key: string): void {
    const { namespace, name } = splitKey(key);
    const service = store.get("services", namespace, name);
    if (!service) {
      if (store.get("endpoints", namespace, name)) store.delete("endpoints", namespace, name);
      for (const slice of slicesOf(store, namespace, name)) store.delete("endpointslices.discovery.k8s.io", namespace, slice.metadata.name);
      return;
    }
    if (!service.spec?.selector) return;
    writeSlice(context, service, servedPods(service));
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

  /** Pods of the service that run, those on their way out among them, by name. */
  function servedPods(service: KubeObject): Pod[] {
    return store.list("pods", service.metadata.namespace).map(asPod)
      .filter((pod) => pod.status?.podIP && pod.status.phase === "Running" && matchesLabelSelector({ matchLabels: service.spec.selector }, pod.metadata.labels))
      .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  }

  function subsetsOf(service: KubeObject): EndpointSubset[] {
    const byPorts = new Map<string, EndpointSubset>();
    for (const pod of servedPods(service).filter((candidate) => candidate.metadata.deletionTimestamp === undefined)) {
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

  for (const service of store.list("services")) queue.add(keyOf(service));
  return store.subscribe(({ resource, object }) => {
    if (resource === "services") queue.add(keyOf(object));
    if (resource !== "pods") return;
    for (const service of store.list("services", object.metadata.namespace)) {
      if (matchesLabelSelector({ matchLabels: service.spec?.selector ?? { "": "" } }, object.metadata.labels)) queue.add(keyOf(service));
    }
  });
}

import { isDeepStrictEqual } from "node:util";
import { asController, type ControllerContext } from "#sandbox/controllers/context.ts";
import { asNew, controllerReference, isControlledBy, randomSuffix } from "#sandbox/controllers/object-keys.ts";
import { isReady, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { targetPort, type ServicePort } from "#sandbox/controllers/service-port.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";

const resource = "endpointslices.discovery.k8s.io";
const serviceLabel = "kubernetes.io/service-name";

/** The slices that belong to the service of this name. */
export function slicesOf(store: Store, namespace: string, service: string): KubeObject[] {
  return store.list(resource, namespace).filter((slice) => slice.metadata.labels?.[serviceLabel] === service);
}

/**
 * Writes the one slice of a service (a real cluster begins another at a hundred addresses). Ports are those of the first pod
 * that has them: pods whose named ports differ in number would need a slice each.
 */
export function writeSlice({ store, random }: ControllerContext, service: KubeObject, pods: readonly Pod[]): void {
  const { name, namespace = "default" } = service.metadata;
  const content = { addressType: "IPv4", endpoints: pods.map((pod) => endpointOf(store, service, pod)), ports: portsOf(service, pods) };
  const known = slicesOf(store, namespace, name).find((slice) => isControlledBy(slice, service));
  if (known) {
    store.modify(resource, namespace, known.metadata.name, asController, (draft) => {
      if (isDeepStrictEqual([draft.endpoints ?? [], draft.ports ?? []], [content.endpoints, content.ports])) return false;
      Object.assign(draft, content);
    });
    return;
  }
  let sliceName = `${name}-${randomSuffix(random)}`;
  while (store.get(resource, namespace, sliceName)) sliceName = `${name}-${randomSuffix(random)}`;
  store.create(resource, asNew({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: sliceName, generateName: `${name}-`, namespace,
      labels: { ...service.metadata.labels, [serviceLabel]: name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" },
      ownerReferences: [controllerReference(service)],
    },
    ...content,
  }), asController);
}

function endpointOf(store: Store, service: KubeObject, pod: Pod): Record<string, unknown> {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const zone = pod.spec.nodeName === undefined ? undefined : store.get("nodes", undefined, pod.spec.nodeName)?.metadata.labels?.["topology.kubernetes.io/zone"];
  return {
    addresses: [pod.status?.podIP],
    conditions: { ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    nodeName: pod.spec.nodeName,
    targetRef: { kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
    ...(zone !== undefined && { zone }),
  };
}

function portsOf(service: KubeObject, pods: readonly Pod[]): Record<string, unknown>[] {
  const ports: readonly ServicePort[] = service.spec.ports ?? [];
  return ports.flatMap((port) => {
    const number = pods.map((pod) => targetPort(pod, port)).find((found) => found !== undefined);
    return number === undefined ? [] : [{ name: port.name ?? "", port: number, protocol: port.protocol ?? "TCP" }];
  });
}

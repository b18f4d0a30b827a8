import { asPod } from "#sandbox/controllers/pod-shape.ts";
import { parseQuantity } from "#sandbox/kube/objects/quantity.ts";
import { requests } from "#sandbox/controllers/scheduling.ts";
import { asNew } from "#sandbox/controllers/object-keys.ts";
import type { Store } from "#sandbox/kube/types.ts";

const namespace = "kube-system";
const label = "sandbox.vigie.dev/ballast";
/** What is left free on each node: less than any Big Pod asks for. */
const freeBytes = 16 * 2 ** 20;

/** One pod a node that asks for all memory still free there. Its image comes from the platform; it does nothing. */
export function fillCapacity(store: Store): void {
  removeBallast(store);
  const pods = store.list("pods").map(asPod);
  for (const node of store.list("nodes")) {
    const used = pods.filter((pod) => pod.spec.nodeName === node.metadata.name && pod.metadata.labels?.[label] === undefined && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed").reduce((sum, pod) => sum + requests(pod, "memory"), 0);
    const free = parseQuantity(node.status?.allocatable?.memory) - used - freeBytes;
    const name = `ballast-${node.metadata.name}`;
    if (free <= 0 || store.get("pods", namespace, name)) continue;
    store.create("pods", asNew({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace, labels: { [label]: "true" } },
      spec: { nodeName: node.metadata.name, containers: [{ name: "ballast", image: "ghcr.io/dreamscape-ai/nginx:1.27.2", resources: { requests: { memory: String(Math.floor(free)) }, limits: { memory: String(Math.floor(free)) } } }] },
    }), { manager: "sandbox-console" });
  }
}

export function removeBallast(store: Store): void {
  for (const pod of store.list("pods", namespace)) {
    if (pod.metadata.labels?.[label] !== undefined) store.delete("pods", namespace, pod.metadata.name, { gracePeriodSeconds: 0 });
  }
}

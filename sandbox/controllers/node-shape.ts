import type { Condition } from "#sandbox/controllers/pod-shape.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

/** On a node: "true" silences it, as pulling its power would. Part of the node object so that it survives a restart of the sandbox. */
export const downAnnotation = "sandbox.vigie.dev/down";

export interface Taint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  timeAdded?: string;
}

export function isNodeDown(node: KubeObject): boolean {
  return node.metadata.annotations?.[downAnnotation] === "true";
}

export function nodeAddress(node: KubeObject): string {
  const addresses: { type: string; address: string }[] = node.status?.addresses ?? [];
  return addresses.find((address) => address.type === "InternalIP")?.address ?? "10.0.0.10";
}

export function isNodeReady(node: KubeObject): boolean {
  const conditions: Condition[] = node.status?.conditions ?? [];
  return conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
}

export function taintsOf(node: KubeObject): Taint[] {
  return node.spec?.taints ?? [];
}

import { nodeHasImage } from "#sandbox/controllers/node-images.ts";
import { taintsOf, type Taint } from "#sandbox/controllers/node-shape.ts";
import type { Pod, Toleration } from "#sandbox/controllers/pod-shape.ts";
import { milliCpu, parseQuantity } from "#sandbox/kube/objects/quantity.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

/** A node with what is bound to it. Requests in thousandths of a core and in bytes. */
export interface NodeUse {
  node: KubeObject;
  pods: readonly Pod[];
  milliCpu: number;
  memory: number;
}

/** One reason against a node. `helpless`: removing other pods would not help. */
export interface Obstacle {
  reason: string;
  helpless: boolean;
}

export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((toleration) =>
    (toleration.effect === undefined || toleration.effect === "" || toleration.effect === taint.effect) &&
    (toleration.key === undefined || toleration.key === "" || toleration.key === taint.key) &&
    (toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "")));
}

/** What a pod asks for, in thousandths of a core or in bytes. A limit without a request counts as the request. */
export function requests(pod: Pod, kind: "cpu" | "memory"): number {
  const read = kind === "cpu" ? milliCpu : parseQuantity;
  return pod.spec.containers.reduce((sum, { resources }) => sum + read(resources?.requests?.[kind] ?? resources?.limits?.[kind]), 0);
}

/** The reasons of the first filter that objects, in the scheduler's words and order; empty when the pod fits. */
export function whyNot(pod: Pod, use: NodeUse): Obstacle[] {
  const { node } = use;
  const helpless = (reason: string): Obstacle[] => [{ reason, helpless: true }];
  const cordon: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  if (node.spec?.unschedulable && !tolerates(pod.spec.tolerations, cordon)) return helpless("node(s) were unschedulable");
  const taint = taintsOf(node).find((candidate) => candidate.effect !== "PreferNoSchedule" && !tolerates(pod.spec.tolerations, candidate));
  if (taint) return helpless(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`);
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (!wanted.every(([label, value]) => node.metadata.labels?.[label] === value)) return helpless("node(s) didn't match Pod's node affinity/selector");
  const allocatable = node.status?.allocatable ?? {};
  const obstacles: Obstacle[] = [];
  if (use.pods.length >= Number(allocatable.pods ?? 110)) obstacles.push({ reason: "Too many pods", helpless: false });
  if (requests(pod, "cpu") > milliCpu(allocatable.cpu) - use.milliCpu) obstacles.push({ reason: "Insufficient cpu", helpless: requests(pod, "cpu") > milliCpu(allocatable.cpu) });
  if (requests(pod, "memory") > parseQuantity(allocatable.memory) - use.memory) obstacles.push({ reason: "Insufficient memory", helpless: requests(pod, "memory") > parseQuantity(allocatable.memory) });
  return obstacles;
}

/** The scheduler's sentence: counts by reason in alphabetical order, then what preemption could do. */
export function unschedulableMessage(byNode: readonly (readonly Obstacle[])[]): string {
  const total = byNode.length;
  if (total === 0) return "no nodes available to schedule pods";
  const reasons = tally(byNode.flatMap((obstacles) => obstacles.map((obstacle) => obstacle.reason)));
  const preemption = tally(byNode.map((obstacles) => (obstacles.some((obstacle) => obstacle.helpless) ? "Preemption is not helpful for scheduling" : "No preemption victims found for incoming pod")));
  return `0/${total} nodes are available: ${reasons}. preemption: 0/${total} nodes are available: ${preemption}.`;
}

function tally(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).sort().join(", ");
}

/** Among nodes that fit: fewest pods of the same owner, then one that has the images, then the least requested, then by name. */
export function chooseNode(pod: Pod, fitting: readonly NodeUse[], sameOwner: (other: Pod) => boolean): string | undefined {
  const share = (use: NodeUse) => {
    const allocatable = use.node.status?.allocatable ?? {};
    return (use.milliCpu + requests(pod, "cpu")) / (milliCpu(allocatable.cpu) || 1) + (use.memory + requests(pod, "memory")) / (parseQuantity(allocatable.memory) || 1);
  };
  const together = (use: NodeUse) => use.pods.filter(sameOwner).length;
  const toPull = (use: NodeUse) => pod.spec.containers.filter((container) => !nodeHasImage(use.node, container.image)).length;
  const best = [...fitting].sort((left, right) => together(left) - together(right) || toPull(left) - toPull(right) || share(left) - share(right) || (left.node.metadata.name < right.node.metadata.name ? -1 : 1))[0];
  return best?.node.metadata.name;
}

import type { Finding } from "#lib/domain/fold-finding.ts";
import { condition, conditionsOf, fields, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";

/** Health rules of Nodes, after what kubectl describe and the node controller (k8s.io/kubernetes, pkg/controller/nodelifecycle) make of their conditions. */

const pressures: Readonly<Record<string, string>> = {
  MemoryPressure: "is short of memory",
  DiskPressure: "is short of disk space",
  PIDPressure: "is short of process ids",
  NetworkUnavailable: "has no network",
};

export function isCordoned(node: RawObject): boolean {
  return fields(node.spec)["unschedulable"] === true;
}

export function architectureOf(node: RawObject): string | null {
  return text(fields(fields(node.status)["nodeInfo"])["architecture"]) ?? node.metadata.labels?.["kubernetes.io/arch"] ?? null;
}

/** Why a node is not ready, in its own words; null while it is. A node without the condition has never reported. */
export function notReadyReason(node: RawObject): string | null {
  const ready = condition(node, "Ready");
  if (ready?.status === "True") return null;
  return (ready?.message ?? ready?.reason ?? "it has never reported").replace(/\.$/, "");
}

/**
 * What the nodes mean for one Big Pod: a node that is lost takes its pods with it (broken when none is left, else a warning); one that is short of something
 * may throw them out. A cordoned node is no fault: its pods go on (fold-pod.ts names it where a pod finds no place).
 */
export function nodeFindings(bigPod: string, nodes: readonly RawObject[], pods: readonly RawObject[], readyPods: number): Finding[] {
  return nodes.flatMap((node): Finding[] => {
    const here = pods.filter((pod) => fields(pod.spec)["nodeName"] === node.metadata.name);
    if (here.length === 0) return [];
    const on = `Node ${node.metadata.name}`;
    const share = `${here.length} of ${pods.length} pods of ${bigPod} ${here.length === 1 ? "runs" : "run"} on it`;
    const lost = notReadyReason(node);
    if (lost !== null) {
      const at = condition(node, "Ready")?.at ?? null;
      return [
        {
          status: readyPods === 0 ? "broken" : "warning", kind: "node-lost", group: "node-lost", on,
          tell: () => `node ${node.metadata.name} is not ready (${lost}): ${share}`,
          evidence: [{ kind: "condition", text: `Ready is ${condition(node, "Ready")?.status ?? "absent"}: ${lost}`, at, on }],
          remedy: `Bring node ${node.metadata.name} back or remove it from the cluster; its pods then start elsewhere.`,
        },
      ];
    }
    return conditionsOf(node).filter((c) => c.status === "True" && pressures[c.type] !== undefined).map((c): Finding => ({
      status: "warning", kind: "node", group: `node/${c.type}`, on,
      tell: () => `node ${node.metadata.name} ${pressures[c.type]}: ${share}`,
      evidence: [{ kind: "condition", text: `${c.type}: ${c.message ?? c.reason ?? "True"}`, at: c.at, on }],
      remedy: `Free what node ${node.metadata.name} lacks before it throws pods out.`,
    }));
  });
}

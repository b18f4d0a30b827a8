import { isNodeDown, nodeAddress } from "#sandbox/controllers/node-shape.ts";
import { asPod, isActive, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { parseQuantity } from "#sandbox/kube/objects/quantity.ts";
import type { Store } from "#sandbox/kube/types.ts";
import { processFamilies, scrapeAnnotation, supervisorFamilies, type MetricFamily } from "#sandbox/world/process-metrics.ts";
import { bigPodOf, type PodHome, type World } from "#sandbox/world/world.ts";

/** One thing that Prometheus scrapes. */
export interface Target {
  /** Below the metrics server's address. */
  path: string;
  /** `job`, `instance` and what Kubernetes' discovery would say of it. */
  labels: Readonly<Record<string, string>>;
  /** Undefined: nothing answers there. */
  scrape(atMs: number): MetricFamily[] | undefined;
}

const supervisorPort = 9000;
/** The supervisor of a pod, beside the names of its processes. */
export const supervisorName = "supervisor";

/** Everything there is to scrape now: each process with a port, each supervisor, and the containers' memory as their node tells it. */
export function listTargets({ store, world }: { store: Store; world: World }): Target[] {
  const downNodes = new Set(store.list("nodes").filter(isNodeDown).map((node) => node.metadata.name));
  const environments = new Map(store.list("namespaces").map((namespace) => [namespace.metadata.name, namespace.metadata.labels?.environment]));
  const pods = store.list("pods").map(asPod).filter((pod) => isActive(pod) && environments.get(pod.metadata.namespace ?? "") !== undefined && pod.status?.podIP !== undefined);
  const targets = pods.filter((pod) => pod.metadata.annotations?.[scrapeAnnotation] !== "false").flatMap((pod) => podTargets(pod, world.home(pod.metadata.uid), { environment: environments.get(pod.metadata.namespace ?? "") ?? "", nodeDown: downNodes.has(pod.spec.nodeName ?? "") }));
  const nodes = store.list("nodes").map((node): Target => ({
    path: `/nodes/${node.metadata.name}/metrics/cadvisor`,
    labels: { job: "cadvisor", instance: `${nodeAddress(node)}:10250`, node: node.metadata.name },
    scrape: () => (downNodes.has(node.metadata.name) ? undefined : containerFamilies(pods.filter((pod) => pod.spec.nodeName === node.metadata.name), world)),
  }));
  return [...targets, ...nodes];
}

function podTargets(pod: Pod, home: PodHome | undefined, { environment, nodeDown }: { environment: string; nodeDown: boolean }): Target[] {
  const { name, namespace = "" } = pod.metadata;
  const base = { environment, namespace, pod: name, bigpod: bigPodOf(pod), node: pod.spec.nodeName ?? "" };
  const at = (process: string) => `/pods/${namespace}/${name}/${process}/metrics`;
  return [...(home?.instances ?? [])].flatMap(([container, instance]): Target[] => {
    const { profile, processes } = instance;
    const labels = { ...base, container };
    const own = processes.flatMap((process): Target[] => {
      const { port } = process.spec;
      if (port === undefined || home === undefined) return [];
      return [{ path: at(process.spec.name), labels: { ...labels, job: "pods", service: process.spec.name, instance: `${pod.status?.podIP}:${port}` }, scrape: (atMs) => (nodeDown ? undefined : processFamilies(home, instance, process, atMs)) }];
    });
    if (!profile.supervised) return own;
    const supervisor: Target = {
      path: at(supervisorName),
      labels: { ...labels, job: "supervisors", instance: `${pod.status?.podIP}:${profile.healthPort ?? supervisorPort}` },
      scrape: (atMs) => (nodeDown || instance.endedAtMs !== undefined ? undefined : supervisorFamilies(processes, atMs)),
    };
    return [...own, supervisor];
  });
}

/** Memory and its limit per container, as cAdvisor names them. */
function containerFamilies(pods: readonly Pod[], world: World): MetricFamily[] {
  const rows = pods.flatMap((pod) => [...(world.home(pod.metadata.uid)?.instances ?? [])].flatMap(([container, instance]) => {
    if (instance.endedAtMs !== undefined) return [];
    const used = instance.processes.reduce((sum, process) => sum + instance.memoryBytes(process), 0);
    const limit = parseQuantity(pod.spec.containers.find((candidate) => candidate.name === container)?.resources?.limits?.memory);
    return [{ labels: { namespace: pod.metadata.namespace ?? "", pod: pod.metadata.name, container }, used, limit: limit || 0 }];
  }));
  const family = (name: string, help: string, value: (row: (typeof rows)[number]) => number): MetricFamily => ({ name, type: "gauge", help, samples: rows.map((row) => ({ name, labels: row.labels, value: value(row) })) });
  return [
    family("container_memory_working_set_bytes", "Current working set of the container in bytes", (row) => row.used),
    family("container_spec_memory_limit_bytes", "Memory limit for the container.", (row) => row.limit),
  ];
}

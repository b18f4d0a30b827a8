import { revisionAnnotation } from "#sandbox/controllers/deployment-revisions.ts";
import { controllerReference, type NewObject } from "#sandbox/controllers/object-keys.ts";
import { asPod } from "#sandbox/controllers/pod-shape.ts";
import { podTemplateHash, podTemplateHashLabel } from "#sandbox/controllers/pod-template-hash.ts";
import { podStatus } from "#sandbox/controllers/pod-status.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";
import { scrapeAnnotation } from "#sandbox/world/process-metrics.ts";
import { nodeObjects } from "#sandbox/world/seed-nodes.ts";
import { daysAgo, type Put } from "#sandbox/world/seed-parts.ts";
import { environments, registry, type EnvironmentSeed } from "#sandbox/world/seed-platform.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";

/** More Deployments than DreamScape has, each with its pods, in every environment: to measure with, not to look at. */
export interface LargeWorld {
  /** Deployments in each environment, beside DreamScape's. */
  workloads: number;
  /** Pods of each. */
  replicas: number;
}

/** Names of the additional Big Pods, the same in every environment. */
export function largeNames({ workloads }: LargeWorld): string[] {
  return Array.from({ length: workloads }, (_, index) => `unit-${String(index + 1).padStart(3, "0")}`);
}

const image = `${registry}/nginx:1.27.2`;
const nodeCount = 4;
/** No metrics of their own either: Prometheus and API server share a process here. */
const annotations = { [scrapeAnnotation]: "false" };

/** They are put in as they are once rolled out: so many pods would take the controllers minutes. */
export function seedLarge(put: Put, catalogue: ImageCatalogue, large: LargeWorld, nowMs: number): void {
  const build = catalogue.resolve(image);
  if (build === undefined) throw new Error(`The large world needs ${image} in the image catalogue.`);
  const imageID = `${build.repository}@${build.digest}`;
  const pulled = [{ names: [imageID, image], sizeBytes: 70_000_000 }];
  const nodes = nodeObjects(nowMs, pulled).slice(0, 1).flatMap((node) => Array.from({ length: nodeCount }, (_, index) => largeNode(node, index)));
  for (const node of nodes) put("nodes", node, "k3s");
  let address = 0;
  for (const environment of environments) {
    for (const name of largeNames(large)) {
      const { deployment, set } = seedWorkload(put, environment, name, large, nowMs);
      for (let index = 0; index < large.replicas; index += 1) {
        address += 1;
        seedPod(put, set, deployment, index, address, imageID, nowMs);
      }
    }
  }
}

function largeNode(node: NewObject, index: number): NewObject {
  const copy = structuredClone(node) as NewObject & { status: { capacity: object; allocatable: object; addresses: { type: string; address: string }[] }; spec: object };
  const name = `arm-a1-large-${index + 1}`;
  const size = { cpu: "500", memory: "2000Gi", pods: "4000" };
  const { "node-role.kubernetes.io/control-plane": _plane, "node-role.kubernetes.io/master": _master, ...labels } = copy.metadata.labels ?? {};
  return {
    ...copy,
    metadata: { ...copy.metadata, name, labels: { ...labels, "kubernetes.io/hostname": name } },
    spec: { podCIDR: `10.${60 + index}.0.0/16`, podCIDRs: [`10.${60 + index}.0.0/16`], providerID: `k3s://${name}` },
    status: { ...copy.status, capacity: { ...copy.status.capacity, ...size }, allocatable: { ...copy.status.allocatable, ...size }, addresses: [{ type: "InternalIP", address: `10.0.1.${index + 1}` }, { type: "Hostname", address: name }] },
  };
}

function seedWorkload(put: Put, environment: EnvironmentSeed, name: string, { replicas }: LargeWorld, nowMs: number): { deployment: KubeObject; set: KubeObject } {
  const { namespace } = environment;
  const selector = { "app.kubernetes.io/name": name };
  const created = daysAgo(nowMs, 40);
  const done = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
  const condition = (type: string, reason: string, message: string) => ({ type, status: "True", reason, message, lastUpdateTime: created, lastTransitionTime: created });
  const deployment = put("deployments.apps", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, creationTimestamp: created, labels: { ...selector, "app.kubernetes.io/part-of": "large" }, annotations: { [revisionAnnotation]: "1" } },
    spec: {
      replicas,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: selector },
      template: { metadata: { labels: { ...selector, "app.kubernetes.io/part-of": "large" }, annotations }, spec: { terminationGracePeriodSeconds: 30, containers: [container()] } },
    },
    status: { observedGeneration: 1, ...done, conditions: [condition("Available", "MinimumReplicasAvailable", "Deployment has minimum availability."), condition("Progressing", "NewReplicaSetAvailable", `ReplicaSet "${name}" has successfully progressed.`)] },
  }, "ci");
  // From the stored Deployment: with the defaults the API adds, it is the same to the letter.
  const template = structuredClone(deployment.spec.template);
  const hash = podTemplateHash(template);
  const labels = { ...template.metadata.labels, [podTemplateHashLabel]: hash };
  const set = put("replicasets.apps", {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: `${name}-${hash}`, namespace, creationTimestamp: created, labels, annotations: { [revisionAnnotation]: "1" }, ownerReferences: [controllerReference(deployment)] },
    spec: { replicas, selector: { matchLabels: { ...selector, [podTemplateHashLabel]: hash } }, template: { ...template, metadata: { ...template.metadata, labels } } },
    status: { replicas, fullyLabeledReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas, observedGeneration: 1 },
  }, "k3s");
  return { deployment, set };
}

/** No probes: five thousand of them every two seconds would measure the sandbox. */
function container(): object {
  const env = ["LOG_LEVEL", "HTTP_PORT", "REGION", "DATABASE_HOST", "CACHE_HOST", "OTEL_SERVICE_NAME"].map((name) => ({ name, value: `${name.toLowerCase()}-of-this-unit` }));
  return { name: "app", image, imagePullPolicy: "IfNotPresent", env, ports: [{ name: "http", containerPort: 80, protocol: "TCP" }], resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } } };
}

function seedPod(put: Put, set: KubeObject, deployment: KubeObject, index: number, address: number, imageID: string, nowMs: number): void {
  const started = daysAgo(nowMs, 39);
  const node = address % nodeCount;
  const podIP = `10.${60 + node}.${Math.floor(address / 250)}.${(address % 250) + 2}`;
  const template = structuredClone(set.spec.template);
  const spec = { ...template.spec, nodeName: `arm-a1-large-${node + 1}` };
  const running = { name: "app", image, imageID, containerID: `containerd://${address.toString(16).padStart(64, "0")}`, ready: true, started: true, restartCount: 0, state: { running: { startedAt: started } }, lastState: {} };
  const shape = asPod({ ...set, spec } as KubeObject);
  put("pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${set.metadata.name}-${index.toString(36).padStart(5, "b")}`, generateName: `${set.metadata.name}-`, namespace: deployment.metadata.namespace ?? "", creationTimestamp: started, labels: template.metadata.labels, annotations, ownerReferences: [controllerReference(set)] },
    spec,
    status: { ...podStatus({ spec: shape.spec, previous: {}, statuses: [running], podIP, hostIP: `10.0.1.${node + 1}`, at: started }) },
  } as NewObject, "k3s");
}

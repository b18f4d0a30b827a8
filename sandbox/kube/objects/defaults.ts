import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { admitPodSpec, defaultPod, defaultPodSpec, fill, qosClass, records } from "#sandbox/kube/objects/pod-defaults.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

/** Hands out what must be unique over all objects of the cluster. */
export interface Allocator {
  clusterIp(): string;
  nodePort(): number;
}

type Defaulter = (object: KubeObject, spec: JsonRecord) => void;

function templateOf(spec: JsonRecord): JsonRecord {
  const template = isRecord(spec.template) ? spec.template : {};
  if (isRecord(template.spec)) defaultPodSpec(template.spec);
  return template;
}

function defaultJobSpec(spec: JsonRecord): void {
  if (spec.parallelism === undefined && spec.completions === undefined) spec.completions = 1;
  fill(spec, { parallelism: 1, backoffLimit: 6, completionMode: "NonIndexed", suspend: false, podReplacementPolicy: "TerminatingOrFailed" });
  templateOf(spec);
}

function workloadLabels(object: KubeObject, spec: JsonRecord): void {
  const template = templateOf(spec);
  const metadata = isRecord(template.metadata) ? template.metadata : {};
  if (object.metadata.labels === undefined && isRecord(metadata.labels) && object.kind === "ReplicaSet") object.metadata.labels = { ...(metadata.labels as Record<string, string>) };
}

const BY_KIND: Readonly<Record<string, Defaulter>> = {
  Pod: (_object, spec) => defaultPod(spec),
  Deployment: (_object, spec) => {
    templateOf(spec);
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: {} });
    const strategy = isRecord(spec.strategy) ? spec.strategy : {};
    fill(strategy, { type: "RollingUpdate" });
    if (strategy.type === "RollingUpdate") {
      fill(strategy, { rollingUpdate: {} });
      if (isRecord(strategy.rollingUpdate)) fill(strategy.rollingUpdate, { maxSurge: "25%", maxUnavailable: "25%" });
    }
  },
  ReplicaSet: (object, spec) => {
    workloadLabels(object, spec);
    fill(spec, { replicas: 1 });
  },
  StatefulSet: (_object, spec) => {
    templateOf(spec);
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, podManagementPolicy: "OrderedReady", updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } } });
  },
  DaemonSet: (_object, spec) => {
    templateOf(spec);
    fill(spec, { revisionHistoryLimit: 10, updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } });
  },
  Job: (_object, spec) => defaultJobSpec(spec),
  CronJob: (_object, spec) => {
    fill(spec, { concurrencyPolicy: "Allow", suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
    const template = isRecord(spec.jobTemplate) ? spec.jobTemplate : {};
    if (isRecord(template.spec)) templateOf(template.spec);
  },
  Service: (_object, spec) => {
    fill(spec, { type: "ClusterIP", sessionAffinity: "None" });
    if (spec.type === "ExternalName") return;
    fill(spec, { internalTrafficPolicy: "Cluster" });
    if (spec.type !== "ClusterIP") fill(spec, { externalTrafficPolicy: "Cluster" });
    if (spec.type === "LoadBalancer") fill(spec, { allocateLoadBalancerNodePorts: true });
    for (const port of records(spec, "ports")) fill(port, { protocol: "TCP", targetPort: port.port });
  },
  HorizontalPodAutoscaler: (_object, spec) => {
    fill(spec, { minReplicas: 1, metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }] });
  },
  NetworkPolicy: (_object, spec) => {
    fill(spec, { podSelector: {}, policyTypes: spec.egress === undefined ? ["Ingress"] : ["Ingress", "Egress"] });
    for (const rule of [...records(spec, "ingress"), ...records(spec, "egress")]) for (const port of records(rule, "ports")) fill(port, { protocol: "TCP" });
  },
  PersistentVolumeClaim: (_object, spec) => fill(spec, { volumeMode: "Filesystem" }),
};

/** Defaults that every read of the object shows, idempotent: applied on create and on each later write. */
export function applyDefaults(object: KubeObject): void {
  if (object.kind === "Secret") return defaultSecret(object);
  if (object.kind === "Namespace") return defaultNamespace(object);
  if (object.kind === "Endpoints") {
    for (const subset of records(object, "subsets")) for (const port of records(subset, "ports")) fill(port, { protocol: "TCP" });
  }
  const rule = BY_KIND[object.kind];
  if (!rule) return;
  object.spec ??= {};
  rule(object, object.spec);
}

function defaultSecret(object: KubeObject): void {
  fill(object, { type: "Opaque" });
  if (!isRecord(object.stringData)) return;
  const data: JsonRecord = isRecord(object.data) ? object.data : {};
  for (const [key, text] of Object.entries(object.stringData)) data[key] = Buffer.from(String(text)).toString("base64");
  object.data = data;
  delete object.stringData;
}

function defaultNamespace(object: KubeObject): void {
  object.metadata.labels = { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name };
}

/** What only a creation sets: first status, allocated addresses, the selector that a Job makes for itself. */
export function prepareNew(object: KubeObject, allocator: Allocator): void {
  const spec: JsonRecord = isRecord(object.spec) ? object.spec : {};
  switch (object.kind) {
    case "Pod":
      admitPodSpec(spec);
      object.status = { phase: "Pending", qosClass: qosClass(spec), ...object.status };
      break;
    case "Namespace":
      object.spec = { finalizers: ["kubernetes"], ...object.spec };
      object.status = { phase: "Active", ...object.status };
      break;
    case "PersistentVolumeClaim":
      object.metadata.finalizers ??= ["kubernetes.io/pvc-protection"];
      object.status = { phase: "Pending", ...object.status };
      break;
    case "Service":
      allocateService(spec, allocator);
      object.status = { loadBalancer: {}, ...object.status };
      break;
    case "Ingress":
      object.status = { loadBalancer: {}, ...object.status };
      break;
    case "HorizontalPodAutoscaler":
      object.status = { desiredReplicas: 0, ...object.status };
      break;
    case "ReplicaSet":
    case "StatefulSet":
      object.status = { replicas: 0, ...object.status };
      break;
    case "Deployment":
    case "Job":
    case "CronJob":
    case "ResourceQuota":
      object.status ??= {};
      break;
    case "Node":
      object.spec ??= {};
      break;
    default:
  }
  if (object.kind === "Job" && spec.manualSelector !== true) selectOwnPods(object, spec);
}

/** Addresses a service needs, on creation and when its type changes. */
export function allocateService(spec: JsonRecord, allocator: Allocator): void {
  if (spec.type === "ExternalName") return;
  if (spec.clusterIP === undefined || spec.clusterIP === "") spec.clusterIP = allocator.clusterIp();
  fill(spec, { clusterIPs: [spec.clusterIP], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  if (spec.type !== "NodePort" && spec.type !== "LoadBalancer") return;
  for (const port of records(spec, "ports")) if (port.nodePort === undefined) port.nodePort = allocator.nodePort();
}

function selectOwnPods(job: KubeObject, spec: JsonRecord): void {
  const template = isRecord(spec.template) ? spec.template : {};
  const metadata = isRecord(template.metadata) ? template.metadata : {};
  const labels = isRecord(metadata.labels) ? metadata.labels : {};
  const { uid, name } = job.metadata;
  Object.assign(labels, { "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name, "controller-uid": uid, "job-name": name });
  metadata.labels = labels;
  template.metadata = metadata;
  spec.template = template;
  job.metadata.labels ??= Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
  spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}

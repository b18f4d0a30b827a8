import { KubeError } from "#sandbox/kube/errors.ts";

export interface SubresourceInfo {
  name: string;
  kind: string;
  /** Where the kind lives when that is not the parent's group and version. */
  group?: string;
  version?: string;
  verbs: readonly string[];
}

/** One served resource. `key` is the name the Store uses: plural, with the group where there is one. */
export interface ResourceInfo {
  key: string;
  plural: string;
  singular: string;
  group: string;
  version: string;
  apiVersion: string;
  kind: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly string[];
  subresources: readonly SubresourceInfo[];
  /** Name of the type in the published OpenAPI description, see schema.ts. */
  model: string;
  hasStatus: boolean;
  hasScale: boolean;
  /** metadata.generation counts changes of spec. */
  hasGeneration: boolean;
}

const ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const SUB_VERBS = ["get", "patch", "update"];
const PROXY_VERBS = ["create", "delete", "get", "patch", "update"];

interface Options {
  short?: string[];
  all?: boolean;
  cluster?: boolean;
  status?: boolean;
  scale?: boolean;
  generation?: boolean;
  model?: string;
  verbs?: string[];
  extra?: SubresourceInfo[];
}

function define(group: string, version: string, plural: string, kind: string, options: Options = {}): ResourceInfo {
  const subresources: SubresourceInfo[] = [...(options.extra ?? [])];
  if (options.scale) subresources.push({ name: "scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: SUB_VERBS });
  if (options.status) subresources.push({ name: "status", kind, verbs: SUB_VERBS });
  return {
    key: group === "" ? plural : `${plural}.${group}`,
    plural,
    singular: kind.toLowerCase(),
    group,
    version,
    apiVersion: group === "" ? version : `${group}/${version}`,
    kind,
    namespaced: !options.cluster,
    shortNames: options.short ?? [],
    categories: options.all ? ["all"] : [],
    verbs: options.verbs ?? ALL_VERBS,
    subresources,
    model: options.model ?? `V1${kind}`,
    hasStatus: options.status ?? false,
    hasScale: options.scale ?? false,
    hasGeneration: options.generation ?? false,
  };
}

/** Everything served, in the order discovery lists it. */
export const RESOURCES: readonly ResourceInfo[] = [
  define("", "v1", "configmaps", "ConfigMap", { short: ["cm"] }),
  define("", "v1", "endpoints", "Endpoints", { short: ["ep"] }),
  define("", "v1", "events", "Event", { short: ["ev"], model: "CoreV1Event" }),
  define("", "v1", "namespaces", "Namespace", { short: ["ns"], cluster: true, status: true, verbs: ALL_VERBS.filter((verb) => verb !== "deletecollection"),
    extra: [{ name: "finalize", kind: "Namespace", verbs: ["update"] }] }),
  define("", "v1", "nodes", "Node", { short: ["no"], cluster: true, status: true }),
  define("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", { short: ["pvc"], status: true }),
  define("", "v1", "pods", "Pod", { short: ["po"], all: true, status: true, extra: [
    { name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] },
    { name: "log", kind: "Pod", verbs: ["get"] },
    { name: "proxy", kind: "PodProxyOptions", verbs: PROXY_VERBS },
  ] }),
  define("", "v1", "resourcequotas", "ResourceQuota", { short: ["quota"], status: true }),
  define("", "v1", "secrets", "Secret"),
  define("", "v1", "serviceaccounts", "ServiceAccount", { short: ["sa"] }),
  define("", "v1", "services", "Service", { short: ["svc"], all: true, status: true, extra: [{ name: "proxy", kind: "ServiceProxyOptions", verbs: PROXY_VERBS }] }),
  define("apps", "v1", "daemonsets", "DaemonSet", { short: ["ds"], all: true, status: true, generation: true }),
  define("apps", "v1", "deployments", "Deployment", { short: ["deploy"], all: true, status: true, scale: true, generation: true }),
  define("apps", "v1", "replicasets", "ReplicaSet", { short: ["rs"], all: true, status: true, scale: true, generation: true }),
  define("apps", "v1", "statefulsets", "StatefulSet", { short: ["sts"], all: true, status: true, scale: true, generation: true }),
  define("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", { short: ["hpa"], all: true, status: true, model: "V2HorizontalPodAutoscaler" }),
  define("batch", "v1", "cronjobs", "CronJob", { short: ["cj"], all: true, status: true, generation: true }),
  define("batch", "v1", "jobs", "Job", { all: true, status: true, generation: true }),
  // cert-manager's, as far as its objects are read; nothing here issues certificates.
  define("cert-manager.io", "v1", "certificates", "Certificate", { short: ["cert", "certs"], status: true, generation: true, model: "CertManagerV1Certificate" }),
  define("coordination.k8s.io", "v1", "leases", "Lease"),
  define("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", { generation: true }),
  define("networking.k8s.io", "v1", "ingressclasses", "IngressClass", { cluster: true, generation: true }),
  define("networking.k8s.io", "v1", "ingresses", "Ingress", { short: ["ing"], status: true, generation: true }),
  define("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", { short: ["netpol"], generation: true }),
  define("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", { short: ["pdb"], status: true, generation: true }),
];

/** Requests that are answered at once and stored nowhere. */
export const REVIEWS: readonly { group: string; version: string; plural: string; kind: string }[] = [
  { group: "authentication.k8s.io", version: "v1", plural: "selfsubjectreviews", kind: "SelfSubjectReview" },
  { group: "authorization.k8s.io", version: "v1", plural: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview" },
  { group: "authorization.k8s.io", version: "v1", plural: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview" },
];

const byKey = new Map(RESOURCES.map((resource) => [resource.key, resource]));
const byPath = new Map(RESOURCES.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]));
const byKind = new Map(RESOURCES.map((resource) => [`${resource.apiVersion}/${resource.kind}`, resource]));

/** Looks a resource up by Store key ("pods", "deployments.apps"). Throws KubeError 404 when it is not served. */
export function resourceByKey(key: string): ResourceInfo {
  const resource = byKey.get(key);
  if (!resource) throw new KubeError(404, "NotFound", `the sandbox does not serve the resource "${key}"`);
  return resource;
}

export function findResource(group: string, version: string, plural: string): ResourceInfo | undefined {
  return byPath.get(`${group}/${version}/${plural}`);
}

export function findKind(apiVersion: string, kind: string): ResourceInfo | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

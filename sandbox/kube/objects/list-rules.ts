/**
 * How lists and maps merge, per field of the published types: facts of the Kubernetes OpenAPI description
 * (x-kubernetes-list-type, -list-map-keys, -map-type, -patch-strategy, -patch-merge-key).
 */
export interface MergeRule {
  /** Server-side apply: elements are told apart by these fields. */
  keys?: readonly string[];
  /** Server-side apply: a list of distinct scalars. */
  set?: boolean;
  /** Server-side apply: owned and replaced as a whole. */
  atomic?: boolean;
  /** Strategic merge patch: elements are merged by this field ("" for scalars). */
  mergeKey?: string;
  /** Strategic merge patch: the patch may carry $retainKeys. */
  retainKeys?: boolean;
}

function by(key: string, ...more: string[]): MergeRule {
  return { keys: [key, ...more], mergeKey: key };
}

const CONDITIONS = by("type");
const ATOMIC: MergeRule = { atomic: true };

export const FIELD_RULES: Readonly<Record<string, MergeRule>> = {
  "V1ObjectMeta.ownerReferences": by("uid"),
  "V1ObjectMeta.finalizers": { set: true, mergeKey: "" },
  "V1PodSpec.containers": by("name"),
  "V1PodSpec.initContainers": by("name"),
  "V1PodSpec.ephemeralContainers": by("name"),
  "V1PodSpec.imagePullSecrets": by("name"),
  "V1PodSpec.hostAliases": by("ip"),
  "V1PodSpec.topologySpreadConstraints": by("topologyKey", "whenUnsatisfiable"),
  "V1PodSpec.volumes": { ...by("name"), retainKeys: true },
  "V1PodSpec.resourceClaims": { ...by("name"), retainKeys: true },
  "V1PodSpec.schedulingGates": by("name"),
  "V1PodSpec.nodeSelector": ATOMIC,
  "V1Container.ports": by("containerPort", "protocol"),
  "V1Container.env": by("name"),
  "V1Container.volumeMounts": by("mountPath"),
  "V1Container.volumeDevices": by("devicePath"),
  "V1EphemeralContainer.ports": by("containerPort", "protocol"),
  "V1EphemeralContainer.env": by("name"),
  "V1EphemeralContainer.volumeMounts": by("mountPath"),
  "V1ResourceRequirements.claims": { keys: ["name"] },
  "V1PodStatus.conditions": CONDITIONS,
  "V1PodStatus.podIPs": by("ip"),
  "V1NodeStatus.conditions": CONDITIONS,
  "V1NodeStatus.addresses": by("type"),
  "V1NodeSpec.podCIDRs": { set: true, mergeKey: "" },
  "V1NamespaceStatus.conditions": CONDITIONS,
  "V1ServiceSpec.ports": by("port", "protocol"),
  "V1ServiceSpec.selector": ATOMIC,
  "V1ServiceStatus.conditions": { keys: ["type"], mergeKey: "type" },
  "V1ServiceAccount.secrets": by("name"),
  "V1PersistentVolumeClaimStatus.conditions": CONDITIONS,
  "V1DeploymentSpec.strategy": { retainKeys: true },
  "V1DeploymentStatus.conditions": CONDITIONS,
  "V1ReplicaSetStatus.conditions": CONDITIONS,
  "V1StatefulSetStatus.conditions": CONDITIONS,
  "V1DaemonSetStatus.conditions": CONDITIONS,
  "V1DaemonSetSpec.updateStrategy": {},
  "V1ReplicationControllerSpec.selector": ATOMIC,
  "V1JobStatus.conditions": { atomic: true, mergeKey: "type" },
  "V2HorizontalPodAutoscalerStatus.conditions": CONDITIONS,
  "V1PodDisruptionBudgetStatus.conditions": CONDITIONS,
};

/** Types that are always owned as a whole. */
export const ATOMIC_TYPES: ReadonlySet<string> = new Set([
  "V1LabelSelector", "V1ObjectFieldSelector", "V1ResourceFieldSelector", "V1ConfigMapKeySelector", "V1SecretKeySelector",
  "V1LocalObjectReference", "V1TypedLocalObjectReference", "V1ObjectReference", "V1OwnerReference", "V1SecretReference",
  "V1NodeSelector", "V1NodeSelectorTerm", "V1ScopeSelector", "V1ScopedResourceSelectorRequirement", "V1FileKeySelector",
]);

/** Fields that hold resource quantities: a number on the wire is as good as its text. */
export const QUANTITY_FIELDS: ReadonlySet<string> = new Set([
  "V1ResourceRequirements.limits", "V1ResourceRequirements.requests",
  "V1VolumeResourceRequirements.limits", "V1VolumeResourceRequirements.requests",
  "V1ResourceQuotaSpec.hard", "V1ResourceQuotaStatus.hard", "V1ResourceQuotaStatus.used",
  "V1NodeStatus.capacity", "V1NodeStatus.allocatable", "V1PersistentVolumeClaimStatus.capacity",
  "V1PodSpec.overhead", "V1EmptyDirVolumeSource.sizeLimit", "V1ResourceFieldSelector.divisor",
  "V2MetricTarget.averageValue", "V2MetricTarget.value", "V2MetricValueStatus.averageValue", "V2MetricValueStatus.value",
]);

/** Defaults that complete the key of an element which leaves them out. */
export const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: "TCP" };

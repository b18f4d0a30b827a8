import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";

/** Sets fields that are absent. */
export function fill(target: JsonRecord, defaults: JsonRecord): void {
  for (const [key, value] of Object.entries(defaults)) if (target[key] === undefined) target[key] = value;
}

/** The list of objects at `key`, or none. */
export function records(parent: unknown, key: string): JsonRecord[] {
  const list = isRecord(parent) ? parent[key] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function pullPolicy(image: unknown): string {
  const reference = String(image ?? "");
  if (reference.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(reference)?.[1];
  return tag === undefined || tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultProbe(probe: unknown): void {
  if (!isRecord(probe)) return;
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  if (isRecord(probe.httpGet)) fill(probe.httpGet, { path: "/", scheme: "HTTP" });
  if (isRecord(probe.grpc)) fill(probe.grpc, { service: "" });
}

function defaultContainer(container: JsonRecord): void {
  fill(container, {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: pullPolicy(container.image),
    resources: {},
  });
  for (const port of records(container, "ports")) fill(port, { protocol: "TCP" });
  for (const variable of records(container, "env")) {
    const source = isRecord(variable.valueFrom) ? variable.valueFrom : {};
    if (isRecord(source.fieldRef)) fill(source.fieldRef, { apiVersion: "v1" });
    if (isRecord(source.resourceFieldRef)) fill(source.resourceFieldRef, { divisor: "0" });
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) defaultProbe(container[name]);
  const lifecycle = isRecord(container.lifecycle) ? container.lifecycle : {};
  for (const hook of [lifecycle.preStop, lifecycle.postStart]) {
    if (isRecord(hook) && isRecord(hook.httpGet)) fill(hook.httpGet, { path: "/", scheme: "HTTP" });
  }
}

/** A limit without a request asks for the limit: of a pod only, a template stays as it was written. */
function defaultRequests(container: JsonRecord): void {
  const resources = isRecord(container.resources) ? container.resources : {};
  if (!isRecord(resources.limits)) return;
  const requests = isRecord(resources.requests) ? resources.requests : {};
  fill(requests, resources.limits);
  resources.requests = requests;
}

function defaultVolume(volume: JsonRecord): void {
  for (const source of ["configMap", "secret", "projected", "downwardAPI"]) {
    const value = volume[source];
    if (isRecord(value)) fill(value, { defaultMode: 420 });
  }
  for (const projection of records(volume.projected, "sources")) {
    if (isRecord(projection.serviceAccountToken)) fill(projection.serviceAccountToken, { expirationSeconds: 3600 });
  }
  if (isRecord(volume.hostPath)) fill(volume.hostPath, { type: "" });
  const sources = Object.keys(volume).filter((key) => key !== "name");
  if (sources.length === 0) volume.emptyDir = {};
}

/** Defaults of a pod's spec, also inside templates (core/v1 SetDefaults_PodSpec and its kin). */
export function defaultPodSpec(spec: JsonRecord): void {
  fill(spec, {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    terminationGracePeriodSeconds: 30,
    securityContext: {},
  });
  if (spec.serviceAccountName !== undefined) fill(spec, { serviceAccount: spec.serviceAccountName });
  else if (spec.serviceAccount !== undefined) fill(spec, { serviceAccountName: spec.serviceAccount });
  for (const kind of ["containers", "initContainers", "ephemeralContainers"]) {
    for (const container of records(spec, kind)) defaultContainer(container);
  }
  for (const volume of records(spec, "volumes")) defaultVolume(volume);
}

/** Defaults of a pod that its template does not show (SetDefaults_Pod). */
export function defaultPod(spec: JsonRecord): void {
  defaultPodSpec(spec);
  fill(spec, { enableServiceLinks: true });
  for (const kind of ["containers", "initContainers"]) for (const container of records(spec, kind)) defaultRequests(container);
}

/** What admission adds to a pod itself, not to templates: service account, priority, tolerations for a lost node. */
export function admitPodSpec(spec: JsonRecord): void {
  fill(spec, { serviceAccountName: "default", serviceAccount: spec.serviceAccountName ?? "default", priority: 0, preemptionPolicy: "PreemptLowerPriority" });
  const tolerations = records(spec, "tolerations");
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    const tolerated = tolerations.some((one) => (one.key === key || (one.key === undefined && one.operator === "Exists")) && (one.effect === undefined || one.effect === "NoExecute"));
    if (!tolerated) tolerations.push({ effect: "NoExecute", key, operator: "Exists", tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
}

/** Quality of service from requests and limits of cpu and memory. */
export function qosClass(spec: JsonRecord): "BestEffort" | "Burstable" | "Guaranteed" {
  const containers = [...records(spec, "containers"), ...records(spec, "initContainers")];
  let any = false;
  let all = containers.length > 0;
  for (const container of containers) {
    const resources = isRecord(container.resources) ? container.resources : {};
    const requests = isRecord(resources.requests) ? resources.requests : {};
    const limits = isRecord(resources.limits) ? resources.limits : {};
    for (const name of ["cpu", "memory"]) {
      if (requests[name] !== undefined || limits[name] !== undefined) any = true;
      if (limits[name] === undefined || requests[name] !== limits[name]) all = false;
    }
  }
  return all ? "Guaranteed" : any ? "Burstable" : "BestEffort";
}

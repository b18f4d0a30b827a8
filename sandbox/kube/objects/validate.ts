import { invalid, type StatusCause } from "#sandbox/kube/errors.ts";
import { prohibited, required, unsupported, wrong, duplicate } from "#sandbox/kube/objects/causes.ts";
import { equalJson, isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { matchesLabelSelector } from "#sandbox/kube/objects/selectors.ts";
import { validateData, validateLabels, validateMetadata } from "#sandbox/kube/objects/validate-metadata.ts";
import { portNumber, validatePodSpec } from "#sandbox/kube/objects/validate-pod.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

type Rule = (spec: JsonRecord, object: KubeObject) => StatusCause[];

function atLeastZero(spec: JsonRecord, ...names: string[]): StatusCause[] {
  return names.filter((name) => Number(spec[name] ?? 0) < 0).map((name) => wrong(`spec.${name}`, spec[name], "must be greater than or equal to 0"));
}

function validateTemplate(spec: JsonRecord, at: string, restartPolicies?: readonly string[]): StatusCause[] {
  const template = isRecord(spec.template) ? spec.template : {};
  const labels = isRecord(template.metadata) && isRecord(template.metadata.labels) ? (template.metadata.labels as Record<string, string>) : {};
  const causes = [...validateLabels(`${at}.template.metadata.labels`, labels), ...validatePodSpec(`${at}.template.spec`, template.spec)];
  const policy = isRecord(template.spec) ? template.spec.restartPolicy : undefined;
  if (restartPolicies && policy !== undefined && !restartPolicies.includes(String(policy))) causes.push(unsupported(`${at}.template.spec.restartPolicy`, policy, restartPolicies));
  return causes;
}

function validateSelector(spec: JsonRecord): StatusCause[] {
  const { selector } = spec;
  if (!isRecord(selector) || (selector.matchLabels === undefined && selector.matchExpressions === undefined)) {
    return selector === undefined ? [required("spec.selector")] : [wrong("spec.selector", selector, "empty selector is invalid for deployment")];
  }
  const template = isRecord(spec.template) ? spec.template : {};
  const labels = isRecord(template.metadata) && isRecord(template.metadata.labels) ? (template.metadata.labels as Record<string, string>) : {};
  return matchesLabelSelector(selector, labels) ? [] : [wrong("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")];
}

function percentOrCount(field: string, value: unknown): StatusCause[] {
  if (value === undefined) return [];
  if (typeof value === "number") return value >= 0 ? [] : [wrong(field, value, "must be greater than or equal to 0")];
  return /^\d+%$/.test(String(value)) ? [] : [wrong(field, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")];
}

function validateDeployment(spec: JsonRecord): StatusCause[] {
  const causes = [...atLeastZero(spec, "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"), ...validateSelector(spec), ...validateTemplate(spec, "spec", ["Always"])];
  const strategy = isRecord(spec.strategy) ? spec.strategy : {};
  if (strategy.type === "Recreate") {
    if (strategy.rollingUpdate !== undefined) causes.push(prohibited("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
  } else if (strategy.type !== "RollingUpdate") {
    causes.push(unsupported("spec.strategy.type", strategy.type, ["Recreate", "RollingUpdate"]));
  }
  const rolling = isRecord(strategy.rollingUpdate) ? strategy.rollingUpdate : {};
  for (const name of ["maxSurge", "maxUnavailable"]) causes.push(...percentOrCount(`spec.strategy.rollingUpdate.${name}`, rolling[name]));
  const isZero = (value: unknown) => value === 0 || value === "0%" || value === "0";
  if (isZero(rolling.maxSurge) && isZero(rolling.maxUnavailable)) causes.push(wrong("spec.strategy.rollingUpdate.maxUnavailable", rolling.maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  if (Number(spec.progressDeadlineSeconds) <= Number(spec.minReadySeconds ?? 0)) causes.push(wrong("spec.progressDeadlineSeconds", spec.progressDeadlineSeconds, "must be greater than minReadySeconds"));
  return causes;
}

function validateService(spec: JsonRecord): StatusCause[] {
  const causes: StatusCause[] = [];
  const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
  if (!types.includes(String(spec.type))) causes.push(unsupported("spec.type", spec.type, types));
  const ports = records(spec, "ports");
  if (ports.length === 0 && spec.type !== "ExternalName" && spec.clusterIP !== "None") causes.push(required("spec.ports"));
  const names = new Set<unknown>();
  ports.forEach((port, index) => {
    causes.push(...portNumber(`spec.ports[${index}].port`, port.port));
    if (ports.length > 1 && !port.name) causes.push(required(`spec.ports[${index}].name`));
    if (port.name && names.has(port.name)) causes.push(duplicate(`spec.ports[${index}].name`, port.name));
    names.add(port.name);
  });
  return causes;
}

const SCHEDULE = /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)|(\S+\s+){4}\S+)$/;

const RULES: Readonly<Record<string, Rule>> = {
  Pod: (spec) => validatePodSpec("spec", spec),
  Deployment: validateDeployment,
  ReplicaSet: (spec) => [...atLeastZero(spec, "replicas", "minReadySeconds"), ...validateSelector(spec), ...validateTemplate(spec, "spec", ["Always"])],
  StatefulSet: (spec) => [...atLeastZero(spec, "replicas", "minReadySeconds"), ...validateSelector(spec), ...validateTemplate(spec, "spec", ["Always"])],
  DaemonSet: (spec) => [...validateSelector(spec), ...validateTemplate(spec, "spec", ["Always"])],
  Job: (spec) => [...atLeastZero(spec, "parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"), ...validateTemplate(spec, "spec", ["OnFailure", "Never"])],
  CronJob: (spec) => {
    const schedule = String(spec.schedule ?? "");
    const causes = schedule === "" ? [required("spec.schedule")] : SCHEDULE.test(schedule) ? [] : [wrong("spec.schedule", schedule, `expected exactly 5 fields, found ${schedule.trim().split(/\s+/).length}: [${schedule}]`)];
    const policies = ["Allow", "Forbid", "Replace"];
    if (!policies.includes(String(spec.concurrencyPolicy))) causes.push(unsupported("spec.concurrencyPolicy", spec.concurrencyPolicy, policies));
    const template = isRecord(spec.jobTemplate) && isRecord(spec.jobTemplate.spec) ? spec.jobTemplate.spec : {};
    return [...causes, ...validateTemplate(template, "spec.jobTemplate.spec", ["OnFailure", "Never"])];
  },
  Service: validateService,
  HorizontalPodAutoscaler: (spec) => {
    const target = isRecord(spec.scaleTargetRef) ? spec.scaleTargetRef : {};
    const causes = ["kind", "name"].filter((name) => !target[name]).map((name) => required(`spec.scaleTargetRef.${name}`));
    if (Number(spec.maxReplicas ?? 0) < 1) causes.push(wrong("spec.maxReplicas", spec.maxReplicas ?? 0, "must be greater than 0"));
    else if (Number(spec.maxReplicas) < Number(spec.minReplicas)) causes.push(wrong("spec.maxReplicas", spec.maxReplicas, "must be greater than or equal to `minReplicas`"));
    return causes;
  },
  Ingress: (spec) => {
    if (records(spec, "rules").length === 0 && spec.defaultBackend === undefined) return [wrong("spec", [], "either `defaultBackend` or `rules` must be specified")];
    return records(spec, "rules").flatMap((rule, at) => records(rule.http, "paths").flatMap((path, index) => {
      const types = ["Exact", "ImplementationSpecific", "Prefix"];
      const field = `spec.rules[${at}].http.paths[${index}].pathType`;
      if (path.pathType === undefined) return [required(field, "pathType must be specified")];
      return types.includes(String(path.pathType)) ? [] : [unsupported(field, path.pathType, types)];
    }));
  },
  PersistentVolumeClaim: (spec) => (records({ modes: (spec.accessModes as unknown[] | undefined)?.map((mode) => ({ mode })) }, "modes").length === 0 ? [required("spec.accessModes", "at least 1 access mode is required")] : []),
};

/** Checks a complete, defaulted object. Throws KubeError 422 that names every wrong field. */
export function validateObject(resource: ResourceInfo, object: KubeObject): void {
  const causes = validateMetadata(object);
  const rule = RULES[object.kind];
  if (rule) causes.push(...(isRecord(object.spec) ? rule(object.spec, object) : rule({}, object)));
  if (object.kind === "ConfigMap" || object.kind === "Secret") causes.push(...validateData(object));
  if (object.kind === "Event" && !isRecord(object.involvedObject)) causes.push(required("involvedObject"));
  if (causes.length > 0) throw invalid(resource, object.metadata.name ?? "", causes);
}

const IMMUTABLE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["selector"],
  ReplicaSet: ["selector"],
  DaemonSet: ["selector"],
  StatefulSet: ["selector", "serviceName", "podManagementPolicy"],
  Job: ["selector", "template", "completionMode"],
  PersistentVolumeClaim: ["accessModes", "storageClassName", "volumeMode", "volumeName", "selector"],
};

function podSpecWithoutMutable(spec: unknown): unknown {
  if (!isRecord(spec)) return spec;
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, terminationGracePeriodSeconds: _grace, nodeName: _node, schedulingGates: _gates, ...rest } = spec;
  const withoutImages = (kind: string) => records(spec, kind).map(({ image: _image, ...container }) => container);
  return { ...rest, containers: withoutImages("containers"), initContainers: withoutImages("initContainers") };
}

/** Checks what may not change between two versions. Throws KubeError 422. */
export function validateChange(resource: ResourceInfo, before: KubeObject, after: KubeObject): void {
  const causes: StatusCause[] = [];
  for (const name of IMMUTABLE_FIELDS[after.kind] ?? []) {
    const was: unknown = before.spec?.[name];
    if (was !== undefined && !equalJson(was, after.spec?.[name])) causes.push(wrong(`spec.${name}`, after.spec?.[name] ?? null, "field is immutable"));
  }
  if (after.kind === "Pod") {
    if (!equalJson(podSpecWithoutMutable(before.spec), podSpecWithoutMutable(after.spec))) {
      causes.push(prohibited("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
    }
    if (before.spec?.nodeName !== undefined && after.spec?.nodeName !== before.spec.nodeName) causes.push(prohibited("spec.nodeName", "may not be changed once the pod is bound to a node"));
  }
  if (after.kind === "Service" && before.spec?.type !== "ExternalName" && after.spec?.type !== "ExternalName" && before.spec?.clusterIP !== after.spec?.clusterIP) {
    causes.push(wrong("spec.clusterIPs[0]", [after.spec?.clusterIP], "may not change once set"));
  }
  if ((after.kind === "ConfigMap" || after.kind === "Secret") && before.immutable === true) {
    for (const field of ["data", "binaryData", "immutable"]) if (!equalJson(before[field], after[field])) causes.push(prohibited(field, "field is immutable when `immutable` is set"));
  }
  if (after.kind === "Secret" && before.type !== after.type) causes.push(wrong("type", after.type, "field is immutable"));
  if (causes.length > 0) throw invalid(resource, after.metadata.name, causes);
}

import type { StatusCause } from "#sandbox/kube/errors.ts";
import { duplicate, missing, required, unsupported, wrong } from "#sandbox/kube/objects/causes.ts";
import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import { parseQuantity } from "#sandbox/kube/objects/quantity.ts";
import { dnsLabel } from "#sandbox/kube/objects/validate-metadata.ts";

const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const POLICIES = ["Always", "IfNotPresent", "Never"];

function oneOf(field: string, value: unknown, supported: readonly string[]): StatusCause[] {
  return value === undefined || supported.includes(String(value)) ? [] : [unsupported(field, value, supported)];
}

export function portNumber(field: string, value: unknown): StatusCause[] {
  if (value === undefined) return [required(field)];
  return Number(value) >= 1 && Number(value) <= 65535 ? [] : [wrong(field, value, "must be between 1 and 65535, inclusive")];
}

function validatePorts(at: string, container: JsonRecord): StatusCause[] {
  const causes: StatusCause[] = [];
  const names = new Set<unknown>();
  records(container, "ports").forEach((port, index) => {
    const field = `${at}.ports[${index}]`;
    causes.push(...portNumber(`${field}.containerPort`, port.containerPort), ...oneOf(`${field}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]));
    if (port.name === undefined) return;
    if (names.has(port.name)) causes.push(duplicate(`${field}.name`, port.name));
    if (String(port.name).length > 15) causes.push(wrong(`${field}.name`, port.name, "must be no more than 15 characters"));
    names.add(port.name);
  });
  return causes;
}

function validateEnv(at: string, container: JsonRecord): StatusCause[] {
  return records(container, "env").flatMap((variable, index) => {
    const field = `${at}.env[${index}]`;
    const name = String(variable.name ?? "");
    if (name === "") return [required(`${field}.name`)];
    const causes: StatusCause[] = [];
    if (!ENV_NAME.test(name)) causes.push(wrong(`${field}.name`, name, "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"));
    if (isRecord(variable.valueFrom) && variable.value !== undefined && variable.value !== "") causes.push(wrong(`${field}.valueFrom`, "", "may not be specified when `value` is not empty"));
    return causes;
  });
}

function validateProbe(at: string, container: JsonRecord, name: string): StatusCause[] {
  const probe = container[name];
  if (!isRecord(probe)) return [];
  const field = `${at}.${name}`;
  const handlers = ["exec", "httpGet", "tcpSocket", "grpc"].filter((handler) => probe[handler] !== undefined);
  const causes: StatusCause[] = [];
  if (handlers.length === 0) causes.push(required(field, "must specify a handler type"));
  if (isRecord(probe.httpGet) && probe.httpGet.port === undefined) causes.push(required(`${field}.httpGet.port`));
  for (const number of ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]) {
    if (Number(probe[number] ?? 0) < 0) causes.push(wrong(`${field}.${number}`, probe[number], "must be greater than or equal to 0"));
  }
  if (name === "livenessProbe" && Number(probe.successThreshold ?? 1) !== 1) causes.push(wrong(`${field}.successThreshold`, probe.successThreshold, "must be 1"));
  return causes;
}

function validateResources(at: string, container: JsonRecord): StatusCause[] {
  const resources = isRecord(container.resources) ? container.resources : {};
  const limits = isRecord(resources.limits) ? resources.limits : {};
  const requests = isRecord(resources.requests) ? resources.requests : {};
  return Object.entries(requests).flatMap(([name, value]) => {
    const field = `${at}.resources.requests`;
    if (parseQuantity(String(value)) < 0) return [wrong(`${field}[${name}]`, value, "must be greater than or equal to 0")];
    const limit = limits[name];
    return limit !== undefined && parseQuantity(String(value)) > parseQuantity(String(limit)) ? [wrong(field, value, `must be less than or equal to ${name} limit of ${String(limit)}`)] : [];
  });
}

function validateContainer(at: string, container: JsonRecord, volumes: ReadonlySet<unknown>): StatusCause[] {
  const causes = [...dnsLabel(`${at}.name`, String(container.name ?? ""))];
  if (typeof container.image !== "string" || container.image === "") causes.push(required(`${at}.image`));
  else if (container.image.trim() !== container.image) causes.push(wrong(`${at}.image`, container.image, "must not have leading or trailing whitespace"));
  causes.push(...oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, POLICIES), ...validatePorts(at, container), ...validateEnv(at, container), ...validateResources(at, container));
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) causes.push(...validateProbe(at, container, probe));
  const paths = new Set<unknown>();
  records(container, "volumeMounts").forEach((mount, index) => {
    const field = `${at}.volumeMounts[${index}]`;
    if (!mount.name) causes.push(required(`${field}.name`));
    else if (!volumes.has(mount.name)) causes.push(missing(`${field}.name`, mount.name));
    if (!mount.mountPath) causes.push(required(`${field}.mountPath`));
    else if (paths.has(mount.mountPath)) causes.push(wrong(`${field}.mountPath`, mount.mountPath, "must be unique"));
    paths.add(mount.mountPath);
  });
  return causes;
}

/** The rules of a pod's spec that people run into: names, images, ports, variables, probes, volumes. `at` is its path. */
export function validatePodSpec(at: string, spec: unknown): StatusCause[] {
  if (!isRecord(spec)) return [required(`${at}.containers`)];
  const causes: StatusCause[] = [];
  const volumes = new Set<unknown>();
  records(spec, "volumes").forEach((volume, index) => {
    const field = `${at}.volumes[${index}].name`;
    causes.push(...dnsLabel(field, String(volume.name ?? "")));
    if (volumes.has(volume.name)) causes.push(duplicate(field, volume.name));
    volumes.add(volume.name);
  });
  if (records(spec, "containers").length === 0) causes.push(required(`${at}.containers`));
  const names = new Set<unknown>();
  for (const kind of ["containers", "initContainers"]) {
    records(spec, kind).forEach((container, index) => {
      const field = `${at}.${kind}[${index}]`;
      causes.push(...validateContainer(field, container, volumes));
      if (container.name !== undefined && names.has(container.name)) causes.push(duplicate(`${field}.name`, container.name));
      names.add(container.name);
    });
  }
  causes.push(...oneOf(`${at}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]));
  causes.push(...oneOf(`${at}.dnsPolicy`, spec.dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]));
  if (Number(spec.terminationGracePeriodSeconds ?? 0) < 0) causes.push(wrong(`${at}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, "must be greater than or equal to 0"));
  return causes;
}

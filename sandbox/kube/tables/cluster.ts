import { isRecord } from "#sandbox/kube/objects/json.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import { shape, type TableShape } from "#sandbox/kube/tables/column.ts";
import { age, labelText, orNone, selectorText } from "#sandbox/kube/tables/format.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const ROLE = "node-role.kubernetes.io/";

function created(object: KubeObject, now: Date): string {
  return age(object.metadata.creationTimestamp, now);
}

function nodeStatus(node: KubeObject): string {
  const ready = records(node.status, "conditions").find((one) => one.type === "Ready");
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (node.spec?.unschedulable === true) words.push("SchedulingDisabled");
  return words.join(",");
}

function nodeRoles(node: KubeObject): string {
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) =>
    key.startsWith(ROLE) ? [key.slice(ROLE.length)] : key === "kubernetes.io/role" && value !== "" ? [value] : []);
  return roles.length === 0 ? "<none>" : [...new Set(roles)].sort().join(",");
}

function address(node: KubeObject, type: string): string {
  return orNone(records(node.status, "addresses").find((one) => one.type === type)?.address);
}

function externalAddress(service: KubeObject): string {
  const { type, externalName, externalIPs } = service.spec ?? {};
  if (type === "ExternalName") return orNone(externalName);
  const given: string[] = Array.isArray(externalIPs) ? externalIPs : [];
  const balanced = records(service.status?.loadBalancer, "ingress").map((one) => String(one.ip ?? one.hostname));
  const all = type === "LoadBalancer" ? [...balanced, ...given] : given;
  return all.length > 0 ? all.join(",") : type === "LoadBalancer" ? "<pending>" : "<none>";
}

function servicePorts(service: KubeObject): string {
  const ports = records(service.spec, "ports").map((one) => `${String(one.port)}${one.nodePort === undefined ? "" : `:${String(one.nodePort)}`}/${String(one.protocol)}`);
  return ports.length === 0 ? "<none>" : ports.join(",");
}

function endpointText(endpoints: KubeObject): string {
  const all = records(endpoints, "subsets").flatMap((subset) => {
    const ports = records(subset, "ports");
    return (ports.length === 0 ? [undefined] : ports).flatMap((port) => records(subset, "addresses").map((one) => (port ? `${String(one.ip)}:${String(port.port)}` : String(one.ip))));
  });
  if (all.length === 0) return "<none>";
  return all.length > 3 ? `${all.slice(0, 3).join(",")} + ${all.length - 3} more...` : all.join(",");
}

function eventCells(event: KubeObject, now: Date): (string | number)[] {
  const series = isRecord(event.series) ? event.series : undefined;
  const first = event.firstTimestamp ?? event.eventTime;
  const last = series?.lastObservedTime ?? event.lastTimestamp ?? first;
  const count = Number(series?.count ?? event.count ?? 1);
  const object = event.involvedObject ?? {};
  const path: unknown = object.fieldPath;
  const firstSeen = age(first, now);
  const source = [event.source?.component ?? event.reportingComponent, event.source?.host ?? event.reportingInstance].filter(Boolean).join(", ");
  const since = count > 1 && first !== last ? `${age(last, now)} (x${count} over ${firstSeen})` : age(last, now);
  return [since, String(event.type ?? ""), String(event.reason ?? ""), `${String(object.kind ?? "").toLowerCase()}/${String(object.name ?? "")}`, String(path ?? ""), source,
    String(event.message ?? "").trim(), firstSeen, count, event.metadata.name];
}

function ingressHosts(ingress: KubeObject): string {
  const hosts = records(ingress.spec, "rules").map((one) => String(one.host ?? "*"));
  if (hosts.length === 0) return "*";
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(",")} + ${hosts.length - 3} more...` : hosts.join(",");
}

function quotaCells(quota: KubeObject): [string, string] {
  const hard: Record<string, unknown> = quota.status?.hard ?? {};
  const used: Record<string, unknown> = quota.status?.used ?? {};
  const line = (name: string) => `${name}: ${String(used[name] ?? 0)}/${String(hard[name])}`;
  const names = Object.keys(hard).sort();
  const isLimit = (name: string) => name.startsWith("limits.");
  return [names.filter((name) => !isLimit(name)).map(line).join(", "), names.filter(isLimit).map(line).join(", ")];
}

export const clusterTables: Readonly<Record<string, TableShape>> = {
  namespaces: shape(["Name", "Status", "Age"], (one, now) => [one.metadata.name, String(one.status?.phase), created(one, now)]),
  nodes: shape(["Name", "Status", "Roles", "Age", "Version", "+Internal-IP", "+External-IP", "+OS-Image", "+Kernel-Version", "+Container-Runtime"], (one, now) => {
    const info = one.status?.nodeInfo ?? {};
    return [one.metadata.name, nodeStatus(one), nodeRoles(one), created(one, now), String(info.kubeletVersion ?? ""), address(one, "InternalIP"), address(one, "ExternalIP"),
      String(info.osImage ?? "<unknown>"), String(info.kernelVersion ?? "<unknown>"), String(info.containerRuntimeVersion ?? "<unknown>")];
  }),
  services: shape(["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "+Selector"], (one, now) => [
    one.metadata.name, String(one.spec?.type), orNone(one.spec?.clusterIP), externalAddress(one), servicePorts(one), created(one, now), labelText(one.spec?.selector),
  ]),
  endpoints: shape(["Name", "Endpoints", "Age"], (one, now) => [one.metadata.name, endpointText(one), created(one, now)]),
  configmaps: shape(["Name", "Data#", "Age"], (one, now) => [one.metadata.name, Object.keys(one.data ?? {}).length + Object.keys(one.binaryData ?? {}).length, created(one, now)]),
  secrets: shape(["Name", "Type", "Data#", "Age"], (one, now) => [one.metadata.name, String(one.type), Object.keys(one.data ?? {}).length, created(one, now)]),
  serviceaccounts: shape(["Name", "Secrets#", "Age"], (one, now) => [one.metadata.name, records(one, "secrets").length, created(one, now)]),
  events: shape(["Last Seen", "Type", "Reason", "Object", "+Subobject", "+Source", "Message", "+First Seen", "+Count", "+Name"], eventCells),
  resourcequotas: shape(["Name", "Request", "Limit", "Age"], (one, now) => [one.metadata.name, ...quotaCells(one), created(one, now)]),
  persistentvolumeclaims: shape(["Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass", "Age", "+VolumeMode"], (one, now) => [
    one.metadata.name, one.metadata.deletionTimestamp === undefined ? String(one.status?.phase) : "Terminating", String(one.spec?.volumeName ?? ""), String(one.status?.capacity?.storage ?? ""),
    accessModes(one.status?.accessModes), String(one.spec?.storageClassName ?? ""), "<unset>", created(one, now), String(one.spec?.volumeMode ?? "<unset>"),
  ]),
  "ingresses.networking.k8s.io": shape(["Name", "Class", "Hosts", "Address", "Ports", "Age"], (one, now) => [
    one.metadata.name, orNone(one.spec?.ingressClassName), ingressHosts(one), records(one.status?.loadBalancer, "ingress").map((entry) => String(entry.ip ?? entry.hostname)).join(","),
    records(one.spec, "tls").length > 0 ? "80, 443" : "80", created(one, now),
  ]),
  "ingressclasses.networking.k8s.io": shape(["Name", "Controller", "Parameters", "Age"], (one, now) => [one.metadata.name, String(one.spec?.controller ?? ""), "<none>", created(one, now)]),
  "networkpolicies.networking.k8s.io": shape(["Name", "Pod-Selector", "Age"], (one, now) => [one.metadata.name, selectorText(one.spec?.podSelector), created(one, now)]),
  "leases.coordination.k8s.io": shape(["Name", "Holder", "Age"], (one, now) => [one.metadata.name, String(one.spec?.holderIdentity ?? ""), created(one, now)]),
  "endpointslices.discovery.k8s.io": shape(["Name", "AddressType", "Ports", "Endpoints", "Age"], (one, now) => [
    one.metadata.name, String(one.addressType), records(one, "ports").map((port) => String(port.port)).join(",") || "<unset>",
    records(one, "endpoints").flatMap((entry) => (Array.isArray(entry.addresses) ? entry.addresses.map(String) : [])).join(",") || "<unset>", created(one, now),
  ]),
};

const MODE_NAMES: Readonly<Record<string, string>> = { ReadWriteOnce: "RWO", ReadOnlyMany: "ROX", ReadWriteMany: "RWX", ReadWriteOncePod: "RWOP" };

function accessModes(modes: unknown): string {
  return Array.isArray(modes) ? modes.map((mode) => MODE_NAMES[String(mode)] ?? String(mode)).join(",") : "";
}

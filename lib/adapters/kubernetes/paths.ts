import { ClusterError, type ResourceKind } from "#lib/ports/cluster.ts";

/** URL paths of the Kubernetes API. Every part is encoded, so that no name can climb out of its place. */

export function segment(part: string): string {
  if (part === "" || part === "." || part === "..") throw new ClusterError("invalid", `${JSON.stringify(part)} cannot be part of a path of the Kubernetes API.`);
  return encodeURIComponent(part);
}

/** A path inside a pod, "/a/b%20c", encoded the same way; what is encoded already stays as it is. */
export function innerPath(path: string): string {
  const decoded = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return path.replace(/^\/+/, "").split("/").map((part) => (part === "" ? "" : segment(decoded(part)))).join("/");
}

/** Path of a collection; cluster-wide without a namespace. */
export function collectionPath(kind: ResourceKind, namespace: string | undefined): string {
  const root = kind.group === "" ? `/api/${segment(kind.version)}` : `/apis/${segment(kind.group)}/${segment(kind.version)}`;
  const scope = namespace === undefined || namespace === "" ? "" : `/namespaces/${segment(namespace)}`;
  return `${root}${scope}/${segment(kind.plural)}`;
}

export function objectPath(kind: ResourceKind, namespace: string, name: string): string {
  return `${collectionPath(kind, namespace)}/${segment(name)}`;
}

/** "?a=1&b=2", leaving out what is undefined or false; "" when nothing is left. */
export function query(parameters: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== false && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

/** "pods in dreamscape-prod", "nodes" */
export function collectionWords(kind: ResourceKind, namespace: string | undefined): string {
  const plural = kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
  return namespace === undefined || namespace === "" ? plural : `${plural} in ${namespace}`;
}

/** "deployments.apps/core in dreamscape-prod" */
export function objectWords(kind: ResourceKind, namespace: string, name: string): string {
  const plural = kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
  return namespace === "" ? `${plural}/${name}` : `${plural}/${name} in ${namespace}`;
}

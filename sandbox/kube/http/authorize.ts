import { KubeError } from "#sandbox/kube/errors.ts";
import type { FaultState } from "#sandbox/kube/faults.ts";
import type { User } from "#sandbox/kube/http/tokens.ts";
import type { RequestInfo } from "#sandbox/kube/http/request-info.ts";

/** One question of access, in the terms of RBAC. `resource` carries the subresource: "pods/log". */
export interface Access {
  verb: string;
  group: string;
  resource: string;
  namespace?: string;
  name?: string;
}

export interface Rule {
  verbs: readonly string[];
  apiGroups: readonly string[];
  resources: readonly string[];
}

const READ = ["get", "list", "watch"];

const READER: readonly Rule[] = [
  { verbs: READ, apiGroups: [""], resources: [
    "configmaps", "endpoints", "events", "namespaces", "namespaces/status", "nodes", "nodes/status", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods", "pods/status",
    "resourcequotas", "resourcequotas/status", "serviceaccounts", "services", "services/status", "pods/log", "pods/proxy", "services/proxy",
  ] },
  { verbs: READ, apiGroups: ["apps", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "networking.k8s.io", "policy", "cert-manager.io"], resources: ["*"] },
];

const FOLLOW = ["list", "watch"];

/**
 * Vigie's own account: what deploy/*.yaml grants, right by right, and no more (a test compares them), so that whatever runs here runs with those rights.
 * The one beyond them lets it see whether a namespace exists.
 */
const WRITER: readonly Rule[] = [
  { verbs: ["get"], apiGroups: [""], resources: ["namespaces"] },
  { verbs: FOLLOW, apiGroups: [""], resources: ["configmaps", "events", "nodes", "persistentvolumeclaims", "pods", "services"] },
  { verbs: FOLLOW, apiGroups: ["apps"], resources: ["deployments", "replicasets"] },
  { verbs: FOLLOW, apiGroups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"] },
  { verbs: FOLLOW, apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"] },
  { verbs: FOLLOW, apiGroups: ["batch"], resources: ["jobs", "cronjobs"] },
  { verbs: FOLLOW, apiGroups: ["cert-manager.io"], resources: ["certificates"] },
  { verbs: ["get"], apiGroups: [""], resources: ["configmaps", "endpoints", "pods/log", "pods/proxy", "services", "services/proxy"] },
  { verbs: ["get"], apiGroups: ["apps"], resources: ["deployments"] },
  { verbs: ["get"], apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"] },
  { verbs: ["list"], apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"] },
  // Questions to a supervisor inside a pod are POSTs (XML-RPC).
  { verbs: ["create"], apiGroups: [""], resources: ["pods/proxy"] },
  { verbs: ["patch", "update"], apiGroups: ["apps"], resources: ["deployments"] },
  { verbs: ["create", "patch", "update"], apiGroups: [""], resources: ["configmaps"] },
  { verbs: ["create", "get", "patch", "delete"], apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"] },
  // Blue-green: which colour serves, and what is scaled with it.
  { verbs: ["patch"], apiGroups: [""], resources: ["services"] },
  { verbs: ["patch"], apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"] },
];

/** Anyone signed in may ask what they may do. */
const SELF: Rule = { verbs: ["create"], apiGroups: ["authorization.k8s.io", "authentication.k8s.io"], resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"] };

export const ROLES: Readonly<Record<User, readonly Rule[]>> = {
  admin: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  reader: [SELF, ...READER],
  writer: [SELF, ...WRITER],
};

function includes(list: readonly string[], value: string): boolean {
  return list.includes("*") || list.includes(value);
}

/** Whether the user's role, less the forbidden resources of the fault state, allows it. */
export function isAllowed(user: User, access: Access, faults: FaultState): boolean {
  return !isForbiddenByFault(access, faults) && ROLES[user].some((rule) => includes(rule.verbs, access.verb) && includes(rule.apiGroups, access.group) && includes(rule.resources, access.resource));
}

function isForbiddenByFault({ group, resource, namespace }: Access, { forbid }: FaultState): boolean {
  const plural = resource.split("/")[0] ?? resource;
  const names = [resource, plural, group === "" ? plural : `${plural}.${group}`, group === "" ? resource : `${plural}.${group}${resource.slice(plural.length)}`];
  return forbid.some((one) => names.includes(one.resource) && (one.namespace === undefined || one.namespace === namespace));
}

export function accessOf({ verb, resource }: RequestInfo): Access | undefined {
  if (!resource) return undefined;
  const { group, plural, subresource, namespace, name } = resource;
  // A namespace is named by itself, and RBAC counts it as being in itself.
  const scope = plural === "namespaces" && group === "" ? name : namespace;
  return {
    verb, group, resource: subresource ? `${plural}/${subresource}` : plural,
    ...(scope === undefined ? {} : { namespace: scope }),
    ...(name === undefined ? {} : { name }),
  };
}

/** Throws KubeError 403 in the sentence of the real server. */
export function authorize(user: User, info: RequestInfo, faults: FaultState): void {
  const access = accessOf(info);
  if (!access || isAllowed(user, access, faults)) return;
  const { verb, group, resource, namespace, name } = access;
  const plural = resource.split("/")[0] ?? resource;
  const qualified = group === "" ? plural : `${plural}.${group}`;
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const subject = name === undefined ? qualified : `${qualified} "${name}"`;
  throw new KubeError(403, "Forbidden", `${subject} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`, {
    ...(name === undefined ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind: plural,
  });
}

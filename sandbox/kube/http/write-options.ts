import { badRequest, invalid, KubeError } from "#sandbox/kube/errors.ts";
import type { ApiCall } from "#sandbox/kube/http/api-context.ts";
import { isTrue } from "#sandbox/kube/http/request-info.ts";
import { addWarning } from "#sandbox/kube/http/respond.ts";
import { prohibited, required, unsupported, wrong } from "#sandbox/kube/objects/causes.ts";
import { isRecord } from "#sandbox/kube/objects/json.ts";
import type { Write } from "#sandbox/kube/store/prepare.ts";
import type { DeleteOptions } from "#sandbox/kube/types.ts";

const MAX_MANAGER = 128;
const MAX_WARNINGS = 20;

export interface WriteCall extends Write {
  manager: string;
  dryRun: boolean;
  force: boolean;
  isApply: boolean;
  fieldValidation: "Ignore" | "Warn" | "Strict";
}

function optionsScope(kind: string) {
  return { plural: kind.toLowerCase(), group: "meta.k8s.io", kind };
}

function checkDryRun(kind: string, values: readonly string[]): boolean {
  const wrongValue = values.find((value) => value !== "All");
  if (wrongValue !== undefined) throw invalid(optionsScope(kind), "", [unsupported("dryRun", values, ["All"])]);
  return values.length > 0;
}

/** dryRun, fieldManager, fieldValidation and force of a create, update or patch. Throws KubeError 400/422. */
export function writeOptions({ info, request, subresource }: ApiCall, kind: "CreateOptions" | "UpdateOptions" | "PatchOptions", isApply = false): WriteCall {
  const { query } = info;
  const given = query.get("fieldManager") ?? "";
  const scope = optionsScope(kind);
  if (given.length > MAX_MANAGER) throw invalid(scope, "", [{ reason: "FieldValueTooLong", message: `Too long: may not be more than ${MAX_MANAGER} bytes`, field: "fieldManager" }]);
  if (/[^\P{C}]/u.test(given)) throw invalid(scope, "", [wrong("fieldManager", given, "should only contain printable characters")]);
  if (isApply && given === "") throw invalid(scope, "", [required("fieldManager", "is required for apply patch")]);
  const force = query.has("force") && isTrue(query.get("force"));
  if (query.has("force") && !isApply) throw invalid(scope, "", [prohibited("force", "may not be specified for non-apply patch")]);
  const validation = query.get("fieldValidation") ?? "";
  if (!["", "Ignore", "Warn", "Strict"].includes(validation)) throw invalid(scope, "", [unsupported("fieldValidation", validation, ["Ignore", "Strict", "Warn"])]);
  return {
    manager: given || (request.headers["user-agent"] ?? "").split("/")[0]?.slice(0, MAX_MANAGER) || "unknown",
    ...(subresource === "status" || subresource === "scale" ? { subresource } : {}),
    dryRun: checkDryRun(kind, query.getAll("dryRun")),
    force,
    isApply,
    // Checked above to be one of the three, or empty.
    fieldValidation: (validation || "Warn") as WriteCall["fieldValidation"],
  };
}

/** Fields that the type does not have: refused, reported or ignored. Throws KubeError 400. */
export function reportUnknown({ response, resource }: ApiCall, unknown: readonly string[], { fieldValidation }: WriteCall): void {
  if (unknown.length === 0 || fieldValidation === "Ignore") return;
  const sentences = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (fieldValidation === "Strict") {
    throw badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${sentences.join(", ")}`);
  }
  for (const sentence of sentences.slice(0, MAX_WARNINGS)) addWarning(response, sentence);
}

/** Options of a delete: from the body when there is one, else from the query. Throws KubeError 400/422. */
export function deleteOptions(query: URLSearchParams, body: unknown): { options: DeleteOptions; dryRun: boolean } {
  if (body !== undefined && !isRecord(body)) throw badRequest("the body of a delete must be DeleteOptions");
  const grace = body?.gracePeriodSeconds ?? (query.has("gracePeriodSeconds") ? Number(query.get("gracePeriodSeconds")) : undefined);
  if (grace !== undefined && grace !== null && (!Number.isInteger(grace) || Number(grace) < 0)) throw badRequest("gracePeriodSeconds must be a count of seconds");
  const policy = body?.propagationPolicy ?? query.get("propagationPolicy") ?? (body?.orphanDependents === true || query.get("orphanDependents") === "true" ? "Orphan" : undefined);
  if (policy !== undefined && policy !== "Background" && policy !== "Foreground" && policy !== "Orphan") {
    throw invalid(optionsScope("DeleteOptions"), "", [unsupported("propagationPolicy", policy, ["Background", "Foreground", "Orphan"])]);
  }
  const preconditions = isRecord(body?.preconditions) ? body.preconditions : {};
  const listed = Array.isArray(body?.dryRun) ? body.dryRun.map(String) : [];
  return {
    options: {
      ...(typeof grace === "number" ? { gracePeriodSeconds: grace } : {}),
      ...(policy === undefined ? {} : { propagationPolicy: policy }),
      ...(typeof preconditions.uid === "string" ? { uid: preconditions.uid } : {}),
      ...(typeof preconditions.resourceVersion === "string" ? { resourceVersion: preconditions.resourceVersion } : {}),
    },
    dryRun: checkDryRun("DeleteOptions", [...listed, ...query.getAll("dryRun")]),
  };
}

/** The body must be an object of the resource's own kind and of the namespace and name in the path. Throws KubeError 400. */
export function checkBody({ resource, namespace, name }: ApiCall, body: unknown): Record<string, unknown> {
  if (!isRecord(body)) throw badRequest(`the body of the request must be a ${resource.kind} object`);
  const { apiVersion = resource.apiVersion, kind = resource.kind } = body;
  if (apiVersion !== resource.apiVersion) {
    throw badRequest(`the API version in the data (${String(apiVersion)}) does not match the expected API version (${resource.apiVersion})`);
  }
  if (kind !== resource.kind) throw badRequest(`${String(kind)} in version "${resource.version}" cannot be handled as a ${resource.kind}`);
  const metadata = isRecord(body.metadata) ? body.metadata : {};
  if (resource.namespaced && typeof metadata.namespace === "string" && metadata.namespace !== "" && metadata.namespace !== namespace) {
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  }
  if (name !== "" && typeof metadata.name === "string" && metadata.name !== "" && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  return { ...body, metadata: { ...metadata, ...(name === "" ? {} : { name }), ...(resource.namespaced ? { namespace } : {}) } };
}

/** New content is refused where there is no namespace (404) or where it is on its way out (403). */
export function admitNamespace({ server, resource, namespace, name }: ApiCall, objectName: string): void {
  if (!resource.namespaced || namespace === undefined) return;
  const home = server.store.get("namespaces", undefined, namespace);
  if (!home) throw new KubeError(404, "NotFound", `namespaces "${namespace}" not found`, { name: namespace, kind: "namespaces" });
  if (home.status?.phase !== "Terminating") return;
  const qualified = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  throw new KubeError(403, "Forbidden", `${qualified} "${objectName || name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`, {
    name: objectName || name, kind: resource.plural, causes: [{ reason: "NamespaceTerminating", message: `namespace ${namespace} is being terminated`, field: "metadata.namespace" }],
  });
}

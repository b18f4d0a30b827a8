import { badRequest } from "#sandbox/kube/errors.ts";
import type { FaultState } from "#sandbox/kube/faults.ts";
import { isAllowed, ROLES, type Access } from "#sandbox/kube/http/authorize.ts";
import type { User } from "#sandbox/kube/http/tokens.ts";
import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";

function text(record: JsonRecord, name: string): string {
  const value = record[name];
  return typeof value === "string" ? value : "";
}

function accessReview(body: JsonRecord, user: User, faults: FaultState): JsonRecord {
  const spec = isRecord(body.spec) ? body.spec : {};
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (isRecord(nonResourceAttributes)) return { ...body, status: { allowed: user === "admin" || ["/api", "/apis", "/version", "/healthz", "/openapi"].some((path) => text(nonResourceAttributes, "path").startsWith(path)) } };
  if (!isRecord(resourceAttributes)) throw badRequest("exactly one of spec.resourceAttributes and spec.nonResourceAttributes must be given");
  const subresource = text(resourceAttributes, "subresource");
  const namespace = text(resourceAttributes, "namespace");
  const access: Access = {
    verb: text(resourceAttributes, "verb"), group: text(resourceAttributes, "group"),
    resource: subresource === "" ? text(resourceAttributes, "resource") : `${text(resourceAttributes, "resource")}/${subresource}`,
    ...(namespace === "" ? {} : { namespace }),
  };
  const allowed = isAllowed(user, access, faults);
  return { ...body, status: { allowed, ...(allowed ? { reason: `RBAC: allowed by the sandbox's role "${user}"` } : {}) } };
}

/** Answers SelfSubjectAccessReview, SelfSubjectRulesReview and SelfSubjectReview. Throws KubeError 400. */
export function answerReview(kind: string, apiVersion: string, raw: unknown, user: User, faults: FaultState): JsonRecord {
  if (!isRecord(raw)) throw badRequest(`the body of the request must be a ${kind} object`);
  const body: JsonRecord = { ...raw, kind, apiVersion, metadata: isRecord(raw.metadata) ? raw.metadata : {} };
  if (kind === "SelfSubjectAccessReview") return accessReview(body, user, faults);
  if (kind === "SelfSubjectReview") return { ...body, status: { userInfo: { username: user, groups: ["system:authenticated"] } } };
  const nonResourceRules = [{ verbs: user === "admin" ? ["*"] : ["get"], nonResourceURLs: user === "admin" ? ["*"] : ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"] }];
  return { ...body, status: { resourceRules: ROLES[user], nonResourceRules, incomplete: faults.forbid.length > 0 } };
}

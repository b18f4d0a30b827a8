import { badRequest } from "#sandbox/kube/errors.ts";
import { isRecord } from "#sandbox/kube/objects/json.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

export type Matcher = (object: KubeObject) => boolean;

interface Requirement {
  key: string;
  operator: "in" | "notin" | "exists" | "absent" | "gt" | "lt";
  values: string[];
}

const SET = /^\s*([^\s!=,()<>]+)\s+(in|notin)\s*\(([^()]*)\)\s*(?:,|$)/;
const COMPARE = /^\s*([^\s!=,()<>]+)\s*(==|!=|=|>|<)\s*([^\s!=,()<>]*)\s*(?:,|$)/;
const PRESENCE = /^\s*(!?)\s*([^\s!=,()<>]+)\s*(?:,|$)/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Parses the query form of a label selector, equality- and set-based. Throws KubeError 400 when it cannot be read. */
export function parseLabelSelector(text: string): Requirement[] {
  const requirements: Requirement[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const set = SET.exec(rest);
    const compare = set ? null : COMPARE.exec(rest);
    const presence = set || compare ? null : PRESENCE.exec(rest);
    const found = set ?? compare ?? presence;
    if (!found) throw badRequest(`unable to parse requirement: found '${rest}', expected: a label key, an operator (=, ==, !=, in, notin) or ','`);
    requirements.push(set ? ofSet(set) : compare ? ofCompare(compare) : { key: presence?.[2] ?? "", operator: presence?.[1] ? "absent" : "exists", values: [] });
    rest = rest.slice(found[0].length).trim();
  }
  for (const { key, values, operator } of requirements) {
    if (!LABEL_KEY.test(key)) throw badRequest(`unable to parse requirement: label key ${JSON.stringify(key)} is not a qualified name`);
    const wrong = operator === "gt" || operator === "lt" ? values.find((value) => !/^-?\d+$/.test(value)) : values.find((value) => !LABEL_VALUE.test(value));
    if (wrong !== undefined) throw badRequest(`unable to parse requirement: ${JSON.stringify(wrong)} is not a valid value for label ${key}`);
  }
  return requirements;
}

function ofSet(match: RegExpExecArray): Requirement {
  return { key: match[1] ?? "", operator: match[2] === "in" ? "in" : "notin", values: (match[3] ?? "").split(",").map((value) => value.trim()) };
}

function ofCompare(match: RegExpExecArray): Requirement {
  const operators: Record<string, Requirement["operator"]> = { "=": "in", "==": "in", "!=": "notin", ">": "gt", "<": "lt" };
  return { key: match[1] ?? "", operator: operators[match[2] ?? ""] ?? "in", values: [match[3] ?? ""] };
}

function satisfies(labels: Readonly<Record<string, string>>, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "in":
      return value !== undefined && values.includes(value);
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
    case "gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** Matcher of `labelSelector=`. Throws KubeError 400 on a malformed selector. */
export function labelMatcher(text: string): Matcher {
  const requirements = parseLabelSelector(text);
  return (object) => requirements.every((requirement) => satisfies(object.metadata.labels ?? {}, requirement));
}

/** Whether labels (none: an object without any) fit a metav1.LabelSelector (matchLabels and matchExpressions). An empty selector fits everything, a missing one nothing, as for workloads. */
export function matchesLabelSelector(selector: unknown, labels: Readonly<Record<string, string>> = {}): boolean {
  if (!isRecord(selector)) return false;
  const wanted = isRecord(selector.matchLabels) ? selector.matchLabels : {};
  for (const [key, value] of Object.entries(wanted)) if (labels[key] !== value) return false;
  const operators: Record<string, Requirement["operator"]> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "absent" };
  const expressions: unknown[] = Array.isArray(selector.matchExpressions) ? selector.matchExpressions : [];
  return expressions.every((expression) => {
    if (!isRecord(expression) || typeof expression.key !== "string") return false;
    const operator = operators[String(expression.operator)];
    const values = Array.isArray(expression.values) ? expression.values.map(String) : [];
    return operator !== undefined && satisfies(labels, { key: expression.key, operator, values });
  });
}

/** Field labels that each resource can be selected by, beyond metadata.name and metadata.namespace. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"],
  events: ["involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
    "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"],
  nodes: ["spec.unschedulable"],
  namespaces: ["status.phase"],
  secrets: ["type"],
  services: ["spec.clusterIP", "spec.type"],
  "replicasets.apps": ["status.replicas"],
  "jobs.batch": ["status.successful"],
};

function fieldValue(object: KubeObject, path: string): string {
  if (path === "source") return String(object.source?.component ?? object.reportingComponent ?? "");
  if (path === "status.successful") return String(object.status?.succeeded ?? 0);
  let value: unknown = object;
  for (const part of path.split(".")) value = isRecord(value) ? value[part] : undefined;
  if (value === undefined && (path === "spec.unschedulable" || path === "spec.hostNetwork")) return "false";
  return value === undefined || value === null ? "" : String(value);
}

/** Matcher of `fieldSelector=` for one resource. Throws KubeError 400 for a field the resource cannot be selected by. */
export function fieldMatcher(resourceKey: string, text: string): Matcher {
  const terms = text.split(",").map((term) => term.trim()).filter((term) => term !== "").map((term) => {
    const match = /^([^!=]+?)(==|!=|=)(.*)$/.exec(term);
    if (!match) throw badRequest(`invalid field selector: "${term}"; can't understand it, expected field=value or field!=value`);
    const path = match[1] ?? "";
    if (path !== "metadata.name" && path !== "metadata.namespace" && !FIELDS[resourceKey]?.includes(path)) {
      throw badRequest(`field label not supported: ${path}`);
    }
    return { path, negated: match[2] === "!=", value: (match[3] ?? "").replaceAll("\\,", ",").replaceAll("\\=", "=") };
  });
  return (object) => terms.every(({ path, negated, value }) => (fieldValue(object, path) === value) !== negated);
}

import { forbidden } from "#sandbox/kube/errors.ts";
import { isRecord } from "#sandbox/kube/objects/json.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import { bytesText, cpuText, milliCpu, parseQuantity } from "#sandbox/kube/objects/quantity.ts";
import { resourceByKey } from "#sandbox/kube/objects/resources.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

/** What of a pod is limited: its number, or the sum of one field of its containers. */
interface Measure {
  of(pod: KubeObject): number;
  parse(quantity: unknown): number;
  text(amount: number): string;
  /** The field every container must state: "requests" and "cpu". */
  field?: { kind: "requests" | "limits"; name: "cpu" | "memory" };
}

const pods: Measure = { of: () => 1, parse: (quantity) => parseQuantity(String(quantity)), text: String };

function sumOf(kind: "requests" | "limits", name: "cpu" | "memory"): Measure {
  const parse = (quantity: unknown) => (quantity === undefined ? 0 : name === "cpu" ? milliCpu(String(quantity)) : parseQuantity(String(quantity)));
  return {
    parse,
    text: name === "cpu" ? cpuText : bytesText,
    field: { kind, name },
    // Init containers run one by one before the others: the pod needs the greater of both.
    of(pod) {
      const amounts = (list: string) => records(pod.spec, list).map((container) => parse(stated(container, kind, name)));
      return Math.max(amounts("containers").reduce((sum, amount) => sum + amount, 0), ...amounts("initContainers"));
    },
  };
}

function stated(container: Record<string, unknown>, kind: "requests" | "limits", name: string): unknown {
  const resources = isRecord(container.resources) ? container.resources : {};
  const given = resources[kind];
  return isRecord(given) ? given[name] : undefined;
}

const measures: Readonly<Record<string, Measure>> = {
  pods,
  "count/pods": pods,
  cpu: sumOf("requests", "cpu"),
  memory: sumOf("requests", "memory"),
  "requests.cpu": sumOf("requests", "cpu"),
  "requests.memory": sumOf("requests", "memory"),
  "limits.cpu": sumOf("limits", "cpu"),
  "limits.memory": sumOf("limits", "memory"),
};

/** The quota's limits that are watched here, by name. Quotas with scopes are not enforced, and neither are kinds other than pods. */
function limitsOf(quota: KubeObject): [name: string, limit: number, measure: Measure][] {
  if (quota.spec?.scopes !== undefined || quota.spec?.scopeSelector !== undefined) return [];
  const hard: Record<string, unknown> = quota.spec?.hard ?? {};
  return Object.keys(hard).toSorted().flatMap((name) => {
    const measure = Object.hasOwn(measures, name) ? measures[name] : undefined;
    return measure ? [[name, measure.parse(hard[name]), measure]] : [];
  });
}

/** A pod that is over, or should have been gone by now, takes nothing. */
function counts(pod: KubeObject, nowMs: number): boolean {
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return false;
  const { deletionTimestamp } = pod.metadata;
  return deletionTimestamp === undefined || Date.parse(deletionTimestamp) > nowMs;
}

/** Amounts in use by quota resource name, as status.used has them. */
export function quotaUsage(names: readonly string[], namespacePods: readonly KubeObject[], nowMs: number): Record<string, string> {
  const counted = namespacePods.filter((pod) => counts(pod, nowMs));
  return Object.fromEntries(names.flatMap((name) => {
    const measure = Object.hasOwn(measures, name) ? measures[name] : undefined;
    const relevant = name === "count/pods" ? namespacePods : counted;
    return measure ? [[name, measure.text(relevant.reduce((sum, pod) => sum + measure.of(pod), 0))]] : [];
  }));
}

/** Refuses a new pod that its namespace's quotas have no room for. Throws KubeError 403 with the sentences of the ResourceQuota admission. */
export function admitPod(pod: KubeObject, quotas: readonly KubeObject[], namespacePods: readonly KubeObject[], nowMs: number): void {
  const refuse = (why: string) => forbidden(resourceByKey("pods"), pod.metadata.name, why);
  for (const quota of quotas) {
    const limits = limitsOf(quota);
    const unstated = limits.flatMap(([name, , { field }]) => {
      const silent = field ? records(pod.spec, "containers").filter((container) => stated(container, field.kind, field.name) === undefined) : [];
      return silent.length > 0 ? [`${name} for: ${silent.map((container) => String(container.name)).toSorted().join(",")}`] : [];
    });
    if (unstated.length > 0) throw refuse(`failed quota: ${quota.metadata.name}: must specify ${unstated.join("; ")}`);
    const used = quotaUsage(limits.map(([name]) => name), namespacePods, nowMs);
    const exceeded = limits.filter(([name, limit, measure]) => measure.of(pod) > 0 && measure.parse(used[name]) + measure.of(pod) > limit);
    if (exceeded.length === 0) continue;
    const list = (amount: (name: string, limit: number, measure: Measure) => string) => exceeded.map(([name, limit, measure]) => `${name}=${amount(name, limit, measure)}`).join(",");
    throw refuse(`exceeded quota: ${quota.metadata.name}, requested: ${list((_name, _limit, measure) => measure.text(measure.of(pod)))}, used: ${list((name) => used[name] ?? "0")}, limited: ${list((_name, limit, measure) => measure.text(limit))}`);
  }
}

import { isRecord } from "#sandbox/kube/objects/json.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import { shape, type TableShape } from "#sandbox/kube/tables/column.ts";
import { age, humanDuration, selectorText } from "#sandbox/kube/tables/format.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

function containers(template: unknown): [string, string] {
  const list = records(isRecord(template) ? template.spec : undefined, "containers");
  return [list.map((one) => String(one.name)).join(","), list.map((one) => String(one.image)).join(",")];
}

function created(object: KubeObject, now: Date): string {
  return age(object.metadata.creationTimestamp, now);
}

function count(value: unknown): number {
  return Number(value ?? 0);
}

function conditionIs(object: KubeObject, type: string): boolean {
  return records(object.status, "conditions").some((one) => one.type === type && one.status === "True");
}

function jobStatus(job: KubeObject): string {
  if (conditionIs(job, "Complete")) return "Complete";
  if (conditionIs(job, "Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  if (conditionIs(job, "Suspended")) return "Suspended";
  if (conditionIs(job, "FailureTarget")) return "FailureTarget";
  return conditionIs(job, "SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function jobCompletions(job: KubeObject): string {
  const done = count(job.status?.succeeded);
  if (job.spec?.completions !== undefined) return `${done}/${job.spec.completions}`;
  const parallelism = count(job.spec?.parallelism);
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function jobDuration(job: KubeObject, now: Date): string {
  const start = Date.parse(String(job.status?.startTime ?? ""));
  if (Number.isNaN(start)) return "";
  const end = Date.parse(String(job.status?.completionTime ?? ""));
  return humanDuration((Number.isNaN(end) ? now.getTime() : end) - start);
}

export const workloadTables: Readonly<Record<string, TableShape>> = {
  "deployments.apps": shape(["Name", "Ready", "Up-to-date", "Available", "Age", "+Containers", "+Images", "+Selector"], (one, now) => [
    one.metadata.name, `${count(one.status?.readyReplicas)}/${count(one.spec?.replicas)}`, count(one.status?.updatedReplicas), count(one.status?.availableReplicas),
    created(one, now), ...containers(one.spec?.template), selectorText(one.spec?.selector),
  ]),
  "replicasets.apps": shape(["Name", "Desired#", "Current#", "Ready#", "Age", "+Containers", "+Images", "+Selector"], (one, now) => [
    one.metadata.name, count(one.spec?.replicas), count(one.status?.replicas), count(one.status?.readyReplicas),
    created(one, now), ...containers(one.spec?.template), selectorText(one.spec?.selector),
  ]),
  "statefulsets.apps": shape(["Name", "Ready", "Age", "+Containers", "+Images"], (one, now) => [
    one.metadata.name, `${count(one.status?.readyReplicas)}/${count(one.spec?.replicas)}`, created(one, now), ...containers(one.spec?.template),
  ]),
  "daemonsets.apps": shape(
    ["Name", "Desired#", "Current#", "Ready#", "Up-to-date#", "Available#", "Node Selector", "Age", "+Containers", "+Images", "+Selector"],
    (one, now) => [
      one.metadata.name, count(one.status?.desiredNumberScheduled), count(one.status?.currentNumberScheduled), count(one.status?.numberReady),
      count(one.status?.updatedNumberScheduled), count(one.status?.numberAvailable), selectorText({ matchLabels: one.spec?.template?.spec?.nodeSelector }),
      created(one, now), ...containers(one.spec?.template), selectorText(one.spec?.selector),
    ],
  ),
  "jobs.batch": shape(["Name", "Status", "Completions", "Duration", "Age", "+Containers", "+Images", "+Selector"], (one, now) => [
    one.metadata.name, jobStatus(one), jobCompletions(one), jobDuration(one, now), created(one, now), ...containers(one.spec?.template), selectorText(one.spec?.selector),
  ]),
  "cronjobs.batch": shape(["Name", "Schedule", "Timezone", "Suspend", "Active#", "Last Schedule", "Age", "+Containers", "+Images", "+Selector"], (one, now) => [
    one.metadata.name, String(one.spec?.schedule), one.spec?.timeZone ?? "<none>", one.spec?.suspend === true ? "True" : "False", records(one.status, "active").length,
    one.status?.lastScheduleTime === undefined ? "<none>" : age(one.status.lastScheduleTime, now), created(one, now), ...containers(one.spec?.jobTemplate?.spec?.template),
    selectorText(one.spec?.jobTemplate?.spec?.selector),
  ]),
  "horizontalpodautoscalers.autoscaling": shape(["Name", "Reference", "Targets", "MinPods", "MaxPods#", "Replicas#", "Age"], (one, now) => [
    one.metadata.name, `${one.spec?.scaleTargetRef?.kind}/${one.spec?.scaleTargetRef?.name}`, hpaTargets(one), String(one.spec?.minReplicas ?? "<unset>"),
    count(one.spec?.maxReplicas), count(one.status?.currentReplicas), created(one, now),
  ]),
  "poddisruptionbudgets.policy": shape(["Name", "Min Available", "Max Unavailable", "Allowed Disruptions#", "Age"], (one, now) => [
    one.metadata.name, String(one.spec?.minAvailable ?? "N/A"), String(one.spec?.maxUnavailable ?? "N/A"), count(one.status?.disruptionsAllowed), created(one, now),
  ]),
};

function hpaTargets(hpa: KubeObject): string {
  const current = records(hpa.status, "currentMetrics");
  const targets = records(hpa.spec, "metrics").map((metric, index) => {
    const name = String(metric.type ?? "").toLowerCase();
    const source = metric[name === "containerresource" ? "containerResource" : name];
    const target = isRecord(source) && isRecord(source.target) ? source.target : {};
    const seen = current[index]?.[name];
    const now = isRecord(seen) && isRecord(seen.current) ? seen.current : {};
    const label = isRecord(source) && typeof source.name === "string" ? `${source.name}: ` : "";
    if (target.averageUtilization !== undefined) return `${label}${now.averageUtilization === undefined ? "<unknown>" : `${String(now.averageUtilization)}%`}/${String(target.averageUtilization)}%`;
    const field = target.averageValue === undefined ? "value" : "averageValue";
    const average = field === "averageValue" && name !== "resource" ? " (avg)" : "";
    return `${label}${String(now[field] ?? "<unknown>")}/${String(target[field] ?? "<auto>")}${average}`;
  });
  if (targets.length === 0) return "<none>";
  return targets.length > 2 ? `${targets.slice(0, 2).join(", ")} + ${targets.length - 2} more...` : targets.join(", ");
}

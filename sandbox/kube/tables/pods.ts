import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import { shape } from "#sandbox/kube/tables/column.ts";
import { age, humanDuration, orNone } from "#sandbox/kube/tables/format.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

function part(state: unknown, name: string): JsonRecord | undefined {
  const value = isRecord(state) ? state[name] : undefined;
  return isRecord(value) ? value : undefined;
}

function exitText(terminated: JsonRecord): string {
  if (terminated.reason) return String(terminated.reason);
  return Number(terminated.signal ?? 0) !== 0 ? `Signal:${Number(terminated.signal)}` : `ExitCode:${Number(terminated.exitCode ?? 0)}`;
}

function isRestartableInit(pod: KubeObject, name: unknown): boolean {
  return records(pod.spec, "initContainers").some((container) => container.name === name && container.restartPolicy === "Always");
}

/** What an unfinished init container says, or undefined when all are through. */
function initReason(pod: KubeObject): string | undefined {
  const statuses = records(pod.status, "initContainerStatuses");
  for (const [index, status] of statuses.entries()) {
    const terminated = part(status.state, "terminated");
    const waiting = part(status.state, "waiting");
    if (terminated && Number(terminated.exitCode ?? 0) === 0) continue;
    if (isRestartableInit(pod, status.name) && status.started === true) continue;
    if (terminated) return `Init:${exitText(terminated)}`;
    if (waiting?.reason && waiting.reason !== "PodInitializing") return `Init:${String(waiting.reason)}`;
    return `Init:${index}/${records(pod.spec, "initContainers").length}`;
  }
  return undefined;
}

/** The STATUS column of `kubectl get pods`: the most telling reason of phase, init containers, containers and deletion. */
export function podReason(pod: KubeObject): string {
  const status: JsonRecord = pod.status ?? {};
  let reason = String(status.reason ?? status.phase ?? "Unknown");
  if (records(status, "conditions").some((one) => one.type === "PodScheduled" && one.reason === "SchedulingGated")) reason = "SchedulingGated";
  const init = initReason(pod);
  if (init) reason = init;
  else {
    let running = false;
    for (const container of records(status, "containerStatuses").toReversed()) {
      const waiting = part(container.state, "waiting");
      const terminated = part(container.state, "terminated");
      if (waiting?.reason) reason = String(waiting.reason);
      else if (terminated) reason = exitText(terminated);
      else if (container.ready && part(container.state, "running")) running = true;
    }
    if (reason === "Completed" && running) {
      reason = records(status, "conditions").some((one) => one.type === "Ready" && one.status === "True") ? "Running" : "NotReady";
    }
  }
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (status.reason === "NodeLost") return "Unknown";
  return status.phase === "Succeeded" || status.phase === "Failed" ? reason : "Terminating";
}

function restarts(pod: KubeObject, now: Date): string {
  let count = 0;
  let last = Number.NaN;
  for (const status of [...records(pod.status, "initContainerStatuses").filter((one) => isRestartableInit(pod, one.name) || initReason(pod) !== undefined), ...records(pod.status, "containerStatuses")]) {
    count += Number(status.restartCount ?? 0);
    const finished = Date.parse(String(part(status.lastState, "terminated")?.finishedAt ?? ""));
    if (!Number.isNaN(finished) && !(finished <= last)) last = finished;
  }
  return count > 0 && !Number.isNaN(last) ? `${count} (${humanDuration(now.getTime() - last)} ago)` : String(count);
}

function readiness(pod: KubeObject): string {
  const ready = records(pod.status, "containerStatuses").filter((one) => one.ready === true && part(one.state, "running")).length;
  const sidecars = records(pod.spec, "initContainers").filter((one) => one.restartPolicy === "Always");
  const readySidecars = records(pod.status, "initContainerStatuses").filter((one) => one.ready === true && isRestartableInit(pod, one.name)).length;
  return `${ready + readySidecars}/${records(pod.spec, "containers").length + sidecars.length}`;
}

function readinessGates(pod: KubeObject): string {
  const gates = records(pod.spec, "readinessGates");
  if (gates.length === 0) return "<none>";
  const conditions = records(pod.status, "conditions");
  const met = gates.filter((gate) => conditions.some((one) => one.type === gate.conditionType && one.status === "True"));
  return `${met.length}/${gates.length}`;
}

export const podTable = shape(
  ["Name", "Ready", "Status", "Restarts", "Age", "+IP", "+Node", "+Nominated Node", "+Readiness Gates"],
  (pod, now) => [
    pod.metadata.name, readiness(pod), podReason(pod), restarts(pod, now), age(pod.metadata.creationTimestamp, now),
    orNone(pod.status?.podIP), orNone(pod.spec?.nodeName), orNone(pod.status?.nominatedNodeName), readinessGates(pod),
  ],
);

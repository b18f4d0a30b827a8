import { parseQuantity } from "#sandbox/kube/objects/quantity.ts";
import { withFreshCondition } from "#sandbox/controllers/conditions.ts";
import type { Condition, Container, ContainerStatus, PodSpec, PodStatus } from "#sandbox/controllers/pod-shape.ts";

/** Guaranteed: every container's limits equal its requests; BestEffort: nobody asks for anything; else Burstable. */
export function qosClass(spec: PodSpec): "Guaranteed" | "Burstable" | "BestEffort" {
  const kinds = ["cpu", "memory"] as const;
  let anything = false;
  let guaranteed = true;
  for (const { resources } of spec.containers) {
    for (const kind of kinds) {
      const limit = parseQuantity(resources?.limits?.[kind]);
      const request = resources?.requests?.[kind] === undefined ? limit : parseQuantity(resources.requests[kind]);
      if (limit > 0 || request > 0) anything = true;
      if (limit === 0 || limit !== request) guaranteed = false;
    }
  }
  return anything ? (guaranteed ? "Guaranteed" : "Burstable") : "BestEffort";
}

/** Pod phase from its containers, as the kubelet's getPhase decides. `stays`: the pod may still run again. */
export function podPhase(spec: PodSpec, statuses: readonly ContainerStatus[]): PodStatus["phase"] {
  if (statuses.some((status) => !status.state.running && !status.state.terminated && !status.lastState.terminated)) {
    return statuses.some((status) => status.state.running) && spec.containers.length !== statuses.length ? "Running" : "Pending";
  }
  const policy = spec.restartPolicy ?? "Always";
  const ended = statuses.filter((status) => status.state.terminated);
  if (ended.length < statuses.length || policy === "Always") return "Running";
  const failed = ended.some((status) => status.state.terminated?.exitCode !== 0);
  if (!failed) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

export interface PodFacts {
  spec: PodSpec;
  previous: PodStatus;
  statuses: readonly ContainerStatus[];
  /** Undefined until the pod's network is up. */
  podIP: string | undefined;
  hostIP: string;
  at: string;
}

function readiness(type: string, phase: PodStatus["phase"], unready: readonly string[]): Condition {
  if (phase === "Succeeded") return { type, status: "False", reason: "PodCompleted", lastProbeTime: null };
  if (phase === "Failed") return { type, status: "False", reason: "PodFailed", lastProbeTime: null };
  if (unready.length === 0) return { type, status: "True", lastProbeTime: null };
  return { type, status: "False", reason: "ContainersNotReady", message: `containers with unready status: [${unready.join(" ")}]`, lastProbeTime: null };
}

/** Init containers do nothing here: they have succeeded by the time the pod's network is up. */
function finishedInit({ name, image }: Container, at: string): ContainerStatus {
  return { name, image, imageID: "", ready: true, started: false, restartCount: 0, lastState: {}, state: { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } } };
}

/** The whole status of a pod as its kubelet reports it. */
export function podStatus({ spec, previous, statuses, podIP, hostIP, at }: PodFacts): PodStatus {
  const phase = podPhase(spec, statuses);
  const unready = statuses.filter((status) => !status.ready).map((status) => status.name);
  const conditions: Condition[] = [
    { type: "PodReadyToStartContainers", status: podIP === undefined ? "False" : "True", lastProbeTime: null },
    { type: "Initialized", status: "True", lastProbeTime: null },
    readiness("Ready", phase, unready),
    readiness("ContainersReady", phase, unready),
    { type: "PodScheduled", status: "True", lastProbeTime: null },
  ];
  return {
    ...previous,
    phase,
    conditions: conditions.reduce<Condition[]>((written, condition) => withFreshCondition(written, condition, at), previous.conditions ?? []),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP !== undefined && { podIP, podIPs: [{ ip: podIP }] }),
    startTime: previous.startTime ?? at,
    ...(spec.initContainers && podIP !== undefined && { initContainerStatuses: previous.initContainerStatuses ?? spec.initContainers.map((container) => finishedInit(container, at)) }),
    containerStatuses: structuredClone([...statuses]),
    qosClass: qosClass(spec),
  };
}

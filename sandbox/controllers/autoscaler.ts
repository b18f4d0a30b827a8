import { isDeepStrictEqual } from "node:util";
import { toTime } from "#sandbox/controllers/clock.ts";
import { withFreshCondition } from "#sandbox/controllers/conditions.ts";
import { asScale, asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import { matchesLabelSelector } from "#sandbox/kube/objects/selectors.ts";
import { asPod, isActive, isReady, type Condition, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { requests } from "#sandbox/controllers/scheduling.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const resource = "horizontalpodautoscalers.autoscaling";
const component = "horizontal-pod-autoscaler";
/** Utilization this close to the target counts as on target. */
const tolerance = 0.1;
/** The first look comes early: the pods of a fresh sandbox are up by then. */
const firstSyncMs = 4_000;

interface Wish {
  replicas: number;
  /** Why it is not what the metric alone asks for. */
  limit?: "TooFewReplicas" | "TooManyReplicas";
  reason: string;
}

/** Scales Deployments by the processor use of their pods, every `autoscalerSyncMs`. */
export function runAutoscalers(context: ControllerContext): () => void {
  const { store, clock, containers: host, times, events, onError } = context;
  const recommendations = new Map<string, { atMs: number; replicas: number }[]>();

  function sync(autoscaler: KubeObject): void {
    const { scaleTargetRef: target } = autoscaler.spec;
    const namespace = autoscaler.metadata.namespace;
    const deployment = target.kind === "Deployment" ? store.get("deployments.apps", namespace, target.name) : undefined;
    if (!deployment) {
      const message = `the HPA controller was unable to get the target's current scale: deployments/scale.apps "${target.name}" not found`;
      events.record(autoscaler, { type: "Warning", reason: "FailedGetScale", message: `deployments/scale.apps "${target.name}" not found`, component });
      return write(autoscaler, undefined, [{ type: "AbleToScale", status: "False", reason: "FailedGetScale", message }], false);
    }
    const current: number = deployment.spec.replicas ?? 1;
    const pods = store.list("pods", namespace).map(asPod).filter((pod) => isActive(pod) && matchesLabelSelector(deployment.spec.selector, pod.metadata.labels));
    const utilization = utilizationOf(pods.filter(isReady));
    const goal = cpuTarget(autoscaler);
    const able: Condition = { type: "AbleToScale", status: "True", reason: "ReadyForNewScale", message: "recommended size matches current size" };
    if (current === 0) return write(autoscaler, { deployment, current, desired: 0, utilization }, [{ ...able, reason: "SucceededGetScale", message: "the HPA controller was able to get the target's current scale" }, { type: "ScalingActive", status: "False", reason: "ScalingDisabled", message: "scaling is disabled since the replica count of the target is zero" }], false);
    if (utilization === undefined || goal === undefined) {
      const message = "the HPA was unable to compute the replica count: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)";
      return write(autoscaler, { deployment, current, desired: current, utilization }, [{ ...able, reason: "SucceededGetScale", message: "the HPA controller was able to get the target's current scale" }, { type: "ScalingActive", status: "False", reason: "FailedGetResourceMetric", message }], false);
    }
    const wish = decide(autoscaler, current, utilization, goal);
    const conditions: Condition[] = [
      wish.replicas === current ? able : { ...able, reason: "SucceededRescale", message: `the HPA controller was able to update the target scale to ${wish.replicas}` },
      { type: "ScalingActive", status: "True", reason: "ValidMetricFound", message: "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)" },
      limitCondition(wish.limit),
    ];
    if (wish.replicas !== current) {
      store.modify("deployments.apps", namespace, deployment.metadata.name, asScale, (draft) => {
        draft.spec.replicas = wish.replicas;
      });
      events.record(autoscaler, { type: "Normal", reason: "SuccessfulRescale", message: `New size: ${wish.replicas}; reason: ${wish.reason}`, component });
    }
    write(autoscaler, { deployment, current, desired: wish.replicas, utilization }, conditions, wish.replicas !== current);
  }

  /** Percentage of requested processor time in use; undefined without pods or requests. */
  function utilizationOf(pods: readonly Pod[]): number | undefined {
    const asked = pods.reduce((sum, pod) => sum + requests(pod, "cpu"), 0);
    return asked === 0 ? undefined : Math.round((pods.reduce((sum, pod) => sum + host.milliCpuOf(pod), 0) / asked) * 100);
  }

  function decide(autoscaler: KubeObject, current: number, utilization: number, goal: number): Wish {
    const min: number = autoscaler.spec.minReplicas ?? 1;
    const max: number = autoscaler.spec.maxReplicas;
    const ratio = utilization / goal;
    const asked = Math.abs(ratio - 1) <= tolerance ? current : Math.ceil(current * ratio);
    const stable = stabilized(autoscaler.metadata.uid, asked, current);
    const ceiling = Math.min(max, Math.max(2 * current, current + 4));
    const replicas = Math.min(Math.max(stable, min), ceiling);
    if (stable > max) return { replicas, limit: "TooManyReplicas", reason: "cpu resource utilization (percentage of request) above target" };
    if (stable < min) return { replicas, limit: "TooFewReplicas", reason: current < min ? "Current number of replicas below Spec.MinReplicas" : "All metrics below target" };
    return { replicas, reason: replicas > current ? "cpu resource utilization (percentage of request) above target" : "All metrics below target" };
  }

  /** Never below the highest recommendation of the last minutes: load that comes and goes does not shake the pods. */
  function stabilized(uid: string, asked: number, current: number): number {
    const now = clock.now();
    const windowMs = times.scaleDownStabilizationMs / clock.speed;
    const known = recommendations.get(uid) ?? [{ atMs: now, replicas: current }];
    const recent = [...known.filter(({ atMs }) => now - atMs <= windowMs), { atMs: now, replicas: asked }];
    recommendations.set(uid, recent);
    return asked >= current ? asked : Math.min(current, Math.max(...recent.map(({ replicas }) => replicas)));
  }

  function write(autoscaler: KubeObject, facts: { deployment: KubeObject; current: number; desired: number; utilization: number | undefined } | undefined, conditions: readonly Condition[], scaled: boolean): void {
    const at = toTime(clock.now());
    store.modify(resource, autoscaler.metadata.namespace, autoscaler.metadata.name, asStatus, (draft) => {
      const known: Condition[] = draft.status?.conditions ?? [];
      const status = {
        ...draft.status,
        ...(scaled && { lastScaleTime: at }),
        currentReplicas: facts?.current ?? 0,
        desiredReplicas: facts?.desired ?? 0,
        currentMetrics: facts?.utilization === undefined ? null : [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: facts.utilization, averageValue: averageCpu(facts.deployment) } } }],
        conditions: conditions.reduce<Condition[]>((written, condition) => withFreshCondition(written, condition, at), known),
      };
      if (isDeepStrictEqual(status, draft.status)) return false;
      draft.status = status;
    });
  }

  function averageCpu(deployment: KubeObject): string {
    const pods = store.list("pods", deployment.metadata.namespace).map(asPod).filter((pod) => isActive(pod) && isReady(pod) && matchesLabelSelector(deployment.spec.selector, pod.metadata.labels));
    return `${Math.round(pods.reduce((sum, pod) => sum + host.milliCpuOf(pod), 0) / Math.max(1, pods.length))}m`;
  }

  function syncAll(): void {
    for (const autoscaler of store.list(resource)) {
      try {
        sync(autoscaler);
      } catch (error) {
        onError(`autoscaler ${autoscaler.metadata.name}`, error);
      }
    }
    cancel = clock.after(times.autoscalerSyncMs, syncAll);
  }
  let cancel = clock.after(Math.min(times.autoscalerSyncMs, firstSyncMs), syncAll);
  return () => cancel();
}

function cpuTarget(autoscaler: KubeObject): number | undefined {
  const metrics: { type: string; resource?: { name: string; target: { averageUtilization?: number } } }[] = autoscaler.spec.metrics ?? [];
  return metrics.find((metric) => metric.type === "Resource" && metric.resource?.name === "cpu")?.resource?.target.averageUtilization;
}

function limitCondition(limit: Wish["limit"]): Condition {
  if (limit === "TooManyReplicas") return { type: "ScalingLimited", status: "True", reason: "TooManyReplicas", message: "the desired replica count is more than the maximum replica count" };
  if (limit === "TooFewReplicas") return { type: "ScalingLimited", status: "True", reason: "TooFewReplicas", message: "the desired replica count is less than the minimum replica count" };
  return { type: "ScalingLimited", status: "False", reason: "DesiredWithinRange", message: "the desired count is within the acceptable range" };
}

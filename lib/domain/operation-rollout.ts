import type { BigPodState } from "#lib/contracts/state.ts";
import { surroundingKinds } from "#lib/domain/fold-order.ts";
import type { FindingKind } from "#lib/domain/fold-order.ts";

/** Where a rollout stands, for the step that waits for it. */
export type RolloutVerdict = { kind: "waiting" | "done" | "failed"; text: string };

export interface RolloutView {
  bigPod: string;
  /** Newest folded state and workload object, undefined when absent. */
  state: BigPodState | undefined;
  workload: { metadata: { uid: string; generation?: number; deletionTimestamp?: string }; status?: unknown } | undefined;
  /** Whether the environment can be seen right now. */
  fresh: boolean;
  /** What the write made: the object it went to, and its generation after it. */
  uid: string;
  generation: number;
  /** How long the workload has been complete by its own counts, milliseconds; 0 while it is not. */
  completeForMs: number;
  /** How long the state has been broken without a break, milliseconds; 0 while it is not. */
  brokenForMs: number;
  /** Accept services that nobody can ask (a cluster without pod proxy). Never for promotions: no data does not pass. */
  acceptUnknown: boolean;
}

/** A pod that has just become ready may go unasked this long before "nobody knows" counts as an answer. */
export const unknownGraceMs = 15_000;

/** How long a break that only health answers tell of must last: two rounds of questions, so that one odd answer returns no release. */
export const brokenGraceMs = 2_500;

/**
 * Done takes the counts of the workload (as `kubectl rollout status` compares them) *and* a folded state of the new generation in which
 * every service is up. Broken in the new generation is failed, at once where the cluster itself says so. What cannot be seen is waited for.
 */
export function rolloutVerdict(view: RolloutView): RolloutVerdict {
  const { bigPod, state, workload } = view;
  if (!view.fresh) return { kind: "waiting", text: `${bigPod} cannot be seen right now` };
  if (workload === undefined) return { kind: "failed", text: `the workload of ${bigPod} was deleted` };
  if (workload.metadata.uid !== view.uid) return { kind: "failed", text: `the workload of ${bigPod} was deleted and made anew` };
  if (workload.metadata.deletionTimestamp !== undefined) return { kind: "failed", text: `the workload of ${bigPod} is being deleted` };
  if (state === undefined || (workload.metadata.generation ?? 0) < view.generation || (state.workload?.generation ?? 0) < view.generation) return { kind: "waiting", text: "the write has not been seen yet" };
  // What lies around the workload (a certificate, an autoscaler) says nothing about the release.
  const around = surroundingKinds.has(state.causeKind ?? "");
  if (state.status === "broken" && !around) {
    const sure = surelyBroken.has(state.causeKind ?? "") || containersFail(state) || view.brokenForMs >= brokenGraceMs;
    return { kind: sure ? "failed" : "waiting", text: state.cause ?? `${bigPod} is broken` };
  }
  const { desired } = state.replicas;
  if (!workloadComplete(workload)) return { kind: "waiting", text: waitingFor(state) };
  if (desired === 0) return { kind: "done", text: "no pod is left" };
  switch (state.status) {
    case "healthy":
      return { kind: "done", text: `${desired} of ${desired} pods ready, every service up` };
    case "broken":
    case "warning":
      return state.services.every((service) => service.status === "up") ? { kind: "done", text: `every service is up; ${state.cause ?? "there is a warning"}` } : { kind: "waiting", text: state.cause ?? "a service is not up yet" };
    case "unknown":
      if (view.acceptUnknown && view.completeForMs >= unknownGraceMs) return { kind: "done", text: `${desired} of ${desired} pods ready; ${state.cause ?? "its services cannot be asked"}` };
      return { kind: "waiting", text: state.cause ?? "waiting for its services to answer" };
    case "paused":
      // Nobody can ask a service that is cut off: the workload's own counts are all there is.
      if (state.isolation != null && view.acceptUnknown) return { kind: "done", text: `${desired} of ${desired} pods ready; it is isolated, so its services are not asked` };
      return { kind: "waiting", text: state.cause ?? waitingFor(state) };
    case "progressing":
    case "stale":
      return { kind: "waiting", text: state.cause ?? waitingFor(state) };
  }
}

/** Kinds of causes that come from the cluster itself: nothing is gained by looking twice. */
const surelyBroken: ReadonlySet<string> = new Set<FindingKind>(["architecture", "out-of-memory", "crash", "pull", "create", "mount", "unschedulable", "quota", "replica-failure", "probe", "deadline"]);

/** Whether a container of the new template has ended or cannot start: told by the kubelet, not by a question to the pod. */
function containersFail(state: BigPodState): boolean {
  return state.pods.some((pod) => pod.current && !pod.terminating && pod.containers.some((container) => container.restarts > 0 || container.state === "terminated" || (container.state === "waiting" && !startingReasons.has(container.reason ?? ""))));
}

const startingReasons = new Set(["", "ContainerCreating", "PodInitializing"]);

function waitingFor(state: BigPodState): string {
  const { desired } = state.replicas;
  const done = state.rollout?.done ?? Math.min(state.replicas.updated, state.replicas.available);
  const old = Math.max(0, state.replicas.total - state.replicas.updated);
  const line = `${Math.min(done, desired)} of ${desired} pods ready`;
  return old > 0 && done >= desired ? `${line}, ${old} old still stopping` : line;
}

/** The comparison of `kubectl rollout status` (k8s.io/kubectl, pkg/polymorphichelpers/rollout_status.go). */
export function workloadComplete(workload: { metadata: { generation?: number }; spec?: unknown; status?: unknown }): boolean {
  const [spec, status] = [fields(workload.spec), fields(workload.status)];
  const wanted = number(spec.replicas, 1);
  const updated = number(status.updatedReplicas, 0);
  return number(status.observedGeneration, 0) >= (workload.metadata.generation ?? 0) && updated >= wanted && number(status.replicas, 0) <= updated && number(status.availableReplicas, 0) >= updated;
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}; // narrowed just before
}

function number(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

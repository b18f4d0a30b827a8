import { describe, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { brokenGraceMs, rolloutVerdict, unknownGraceMs } from "#lib/domain/operation-rollout.ts";
import type { RolloutView } from "#lib/domain/operation-rollout.ts";

const complete = { observedGeneration: 4, updatedReplicas: 2, replicas: 2, availableReplicas: 2 };

function state(change: Partial<BigPodState> = {}): BigPodState {
  return {
    environment: "prod", bigPod: "a", status: "healthy", cause: null, evidence: [], since: "", version: null, images: [],
    replicas: { desired: 2, updated: 2, ready: 2, available: 2, total: 2 }, rollout: null, services: [{ name: "s", kind: "process", status: "up", detail: null, restarts: 0 }], pods: [], restarts: 0,
    workload: { kind: "Deployment", name: "a", uid: "u", generation: 4 }, colour: null, sources: [], observedAt: "", ...change,
  };
}

function pod(reason: string): BigPodState["pods"][number] {
  const container = { name: "c", image: "i", digest: null, ready: false, state: "waiting" as const, reason, exitCode: null, restarts: 0 };
  return { name: "p", uid: "p", phase: "Running", ready: false, terminating: false, current: true, node: null, startedAt: null, restarts: 0, reason: null, services: [], containers: [container] };
}

function view(change: Partial<RolloutView> = {}, status: Record<string, unknown> = complete, replicas = 2): RolloutView {
  const workload = { metadata: { uid: "u", generation: 4 }, spec: { replicas }, status };
  return { bigPod: "a", state: state(), workload, fresh: true, uid: "u", generation: 4, completeForMs: 0, brokenForMs: 0, acceptUnknown: false, ...change };
}

describe("rolloutVerdict", () => {
  test.each<[string, RolloutView, string]>([
    ["complete and healthy", view(), "done"],
    ["not seen: never done", view({ fresh: false }), "waiting"],
    ["not seen: never failed", view({ fresh: false, state: state({ status: "broken" }) }), "waiting"],
    ["the state is of the generation before", view({ state: state({ workload: { kind: "Deployment", name: "a", uid: "u", generation: 3 }, status: "broken" }) }), "waiting"],
    ["the controller has not looked yet", view({}, { ...complete, observedGeneration: 3 }), "waiting"],
    ["old pods are still there", view({}, { ...complete, replicas: 3 }), "waiting"],
    ["healthy by the fold but not by the counts", view({}, { ...complete, availableReplicas: 1 }), "waiting"],
    ["complete by the counts but a process is down", view({ state: state({ status: "broken", cause: "panorama is FATAL" }), brokenForMs: brokenGraceMs }), "failed"],
    ["one answer that says down", view({ state: state({ status: "broken", cause: "nothing listens" }), brokenForMs: brokenGraceMs - 1 }), "waiting"],
    ["a container that exits, at once", view({ state: state({ status: "broken", pods: [pod("CrashLoopBackOff")] }) }), "failed"],
    ["a container that is being made", view({ state: state({ status: "broken", pods: [pod("ContainerCreating")] }) }), "waiting"],
    ["a container of the old template that exits", view({ state: state({ status: "broken", pods: [{ ...pod("CrashLoopBackOff"), current: false }] }) }), "waiting"],
    ["a cause that the cluster itself names, at once", view({ state: state({ status: "broken", causeKind: "quota", cause: "a cannot get its pods" }) }, { ...complete, updatedReplicas: 0 }), "failed"],
    ["a readiness probe that fails for too long, at once", view({ state: state({ status: "broken", causeKind: "probe", cause: "a is not ready" }) }, { ...complete, availableReplicas: 1 }), "failed"],
    ["a certificate that has expired is no fault of the release", view({ state: state({ status: "broken", causeKind: "certificate", cause: "the certificate expired" }), brokenForMs: brokenGraceMs * 9 }), "done"],
    ["nor is it a success of one that is not complete", view({ state: state({ status: "broken", causeKind: "certificate", cause: "the certificate expired" }) }, { ...complete, availableReplicas: 1 }), "waiting"],
    ["complete, warning, all up", view({ state: state({ status: "warning", cause: "restarted" }) }), "done"],
    ["complete, warning, not all up", view({ state: state({ status: "warning", services: [{ name: "s", kind: "process", status: "degraded", detail: null, restarts: 0 }] }) }), "waiting"],
    ["complete and nobody knows, promotion", view({ state: state({ status: "unknown" }), completeForMs: unknownGraceMs * 10 }), "waiting"],
    ["complete and nobody knows yet", view({ state: state({ status: "unknown" }), acceptUnknown: true, completeForMs: unknownGraceMs - 1 }), "waiting"],
    ["complete and nobody can know, rollback", view({ state: state({ status: "unknown" }), acceptUnknown: true, completeForMs: unknownGraceMs }), "done"],
    ["stale is no answer", view({ state: state({ status: "stale" }) }), "waiting"],
    ["scaled to 0", view({ state: state({ status: "paused", replicas: { desired: 0, updated: 0, ready: 0, available: 0, total: 0 } }) }, { observedGeneration: 4 }, 0), "done"],
    ["another object of that name", view({ uid: "other" }), "failed"],
    ["deleted", { ...view(), workload: undefined }, "failed"],
  ])("%s", (_name, input, kind) => {
    expect(rolloutVerdict(input).kind).toBe(kind);
  });

  test("says how far it is and what it waits for", () => {
    const rolling = (replicas: BigPodState["replicas"], done: number) => view({ state: state({ status: "progressing", replicas, rollout: { done, total: 2 } }) }, { ...complete, replicas: 3 });
    expect(rolloutVerdict(rolling({ desired: 2, updated: 1, ready: 3, available: 3, total: 3 }, 1)).text).toBe("1 of 2 pods ready");
    expect(rolloutVerdict(rolling({ desired: 2, updated: 2, ready: 3, available: 3, total: 3 }, 2)).text).toBe("2 of 2 pods ready, 1 old still stopping");
  });
});

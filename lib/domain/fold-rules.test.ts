import { describe, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { readinessPatienceMs } from "#lib/domain/fold-probe.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { eventsByObject, foldBigPod } from "#lib/domain/fold.ts";
import type { FoldInput } from "#lib/domain/fold.ts";
import { disagreement, settleAccounts } from "#lib/domain/service-accounts.ts";
import { unknownSurroundings } from "#lib/domain/surroundings.ts";
import { ago, allUp, core, coreImages, crashing, deployment, event, experience, experienceImages, health, pod, replicaSet, testNow } from "#lib/domain/test-objects.ts";

const noProbes = health({}, { status: "unsupported", reason: "no pod proxy" });

function fold(objects: { deployments: RawObject[]; sets: RawObject[]; pods: RawObject[]; events?: RawObject[] }, extra: Partial<FoldInput> = {}): BigPodState {
  return foldBigPod({ environment: "prod", namespace: "dreamscape-prod", bigPod: core, deployments: objects.deployments, replicaSets: objects.sets, pods: objects.pods, events: eventsByObject(objects.events ?? []), health: noProbes, sources: [], previous: null, now: testNow, ...extra });
}

const v4 = coreImages("v1.4.0");
const v5 = coreImages("v1.5.0");
const probe = { httpGet: { path: "/ready", port: 80 }, initialDelaySeconds: 1, periodSeconds: 2, failureThreshold: 3 };

/** A rollout whose one new pod is as given; `events` are about that pod. */
function rolling(newPod: Parameters<typeof pod>[3], events: [string, string, number?][] = [], change: (pod: RawObject) => void = () => undefined): Parameters<typeof fold>[0] {
  const d = deployment("core", v5, { generation: 2, reason: "ReplicaSetUpdated", status: { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 } });
  const [s4, s5] = [replicaSet(d, "aaa", v4, 1), replicaSet(d, "bbb", v5, 2)];
  const fresh = pod(s5, "n1", v5, { ageSeconds: 30, ready: false, ...newPod });
  change(fresh);
  return { deployments: [d], sets: [s4, s5], pods: [pod(s4, "p1", v4), pod(s4, "p2", v4), fresh], events: events.map(([reason, message, secondsAgo], index) => ({ ...event(fresh, "Pod", reason, message, secondsAgo ?? 5), metadata: { name: `e${index}`, uid: `e${index}` } })) };
}

const waiting = (reason: string, message?: string): Record<string, unknown> => ({ ready: false, imageID: "", state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } });
const auth = (status: Record<string, unknown>): Parameters<typeof pod>[3] => ({ containers: { auth: status } });
const running = (secondsAgo: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({ ready: false, started: true, state: { running: { startedAt: ago(secondsAgo) } }, ...more });
const withProbe = (fields: Record<string, unknown> = { readinessProbe: probe }) => (raw: RawObject): void => {
  const spec = raw.spec as { containers: Record<string, unknown>[] };
  spec.containers = spec.containers.map((container) => (container["name"] === "auth" ? { ...container, ...fields } : container));
};
const killed = { exitCode: 137, reason: "Error", startedAt: ago(20), finishedAt: ago(3) };
const timeout = 'failed to pull and unpack image "x": failed to do request: Head "https://ghcr.io": dial tcp: i/o timeout';

describe("a new pod of a rollout", () => {
  test.each<[string, Parameters<typeof fold>[0], string, string | RegExp]>([
    ["pull: not there", rolling(auth(waiting("ErrImagePull", "ghcr.io/x: not found"))), "broken pull", "auth in core-bbb-n1 cannot be pulled: ghcr.io/dreamscape-ai/auth:v1.5.0 — not found"],
    ["pull: a registry that stumbles is given a moment", rolling({ ...auth(waiting("ErrImagePull", timeout)), ageSeconds: 5 }), "progressing pull", /i\/o timeout$/],
    ["pull: but not for ever", rolling({ ...auth(waiting("ErrImagePull", timeout)), ageSeconds: 20 }), "broken pull", /i\/o timeout$/],
    ["pull: the registry is full of us", rolling(auth(waiting("ErrImagePull", "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit"))), "broken pull", /toomanyrequests: You have reached your pull rate limit$/],
    ["wrong architecture, at its first exit", rolling(auth({ ready: false, restartCount: 0, state: { terminated: { exitCode: 255, reason: "Error", message: "exec /usr/local/bin/docker-entrypoint.sh: exec format error", finishedAt: ago(1) } } })), "broken architecture", "auth in core-bbb-n1 cannot run on the processor of its node: exec format error, ghcr.io/dreamscape-ai/auth:v1.5.0 is built for another architecture"],
    ["wrong architecture, told by the runtime", rolling(auth(waiting("RunContainerError", 'failed to create containerd task: exec: "/app": exec format error'))), "broken architecture", /exec format error/],
    ["a key of a Secret that is missing", rolling(auth(waiting("CreateContainerConfigError", "couldn't find key TOKEN in Secret dreamscape-prod/stripe"))), "broken create", "auth in core-bbb-n1 cannot be started: couldn't find key TOKEN in Secret dreamscape-prod/stripe"],
    ["a segmentation fault without a word", rolling(auth(crashing(139))), "broken crash", "auth in core-bbb-n1 keeps exiting with code 139: memory access fault (SIGSEGV)"],
    ["killed by its liveness probe again and again", rolling(auth({ ready: false, restartCount: 2, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: killed } }), [["Killing", "Container auth failed liveness probe, will be restarted"], ["Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"]]), "broken probe", "auth in core-bbb-n1 keeps being restarted: its liveness probe failed: HTTP probe failed with statuscode: 500"],
    ["killed by its startup probe once", rolling(auth(running(2, { started: false, restartCount: 1, lastState: { terminated: killed } })), [["Killing", "Container auth failed startup probe, will be restarted"], ["Unhealthy", "Startup probe failed: dial tcp: connection refused"]]), "broken probe", "auth in core-bbb-n1 keeps being restarted: its startup probe failed: dial tcp: connection refused"],
    ["not ready for 9 s", rolling(auth(running(9)), [["Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"]], withProbe()), "progressing rollout", /is rolling out/],
    ["not ready for 26 s", rolling(auth(running(26)), [["Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"]], withProbe()), "broken probe", "core-bbb-n1 of core is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503"],
    ["not ready for 26 s, and events may not be read", rolling(auth(running(26)), [], withProbe()), "broken probe", "core-bbb-n1 of core is not ready: auth has not passed its readiness probe"],
    ["still within its startup probe's time", rolling(auth(running(120, { started: false })), [["Unhealthy", "Startup probe failed: x"]], withProbe({ readinessProbe: probe, startupProbe: { failureThreshold: 100 } })), "progressing rollout", /is rolling out/],
    ["without a readiness probe", rolling(auth(running(300))), "progressing rollout", /is rolling out/],
    ["a ConfigMap that is to be mounted and is missing", rolling({ ...auth(waiting("ContainerCreating")), ageSeconds: 12 }, [["FailedMount", 'MountVolume.SetUp failed for volume "tiles" : configmap "tiles" not found']]), "broken mount", 'core-bbb-n1 of core cannot mount its volumes: configmap "tiles" not found'],
    ["the same, a moment after it was made", rolling({ ...auth(waiting("ContainerCreating")), ageSeconds: 3 }, [["FailedMount", 'configmap "tiles" not found']]), "progressing rollout", /is rolling out/],
    ["no network", rolling({ ...auth(waiting("ContainerCreating")), ageSeconds: 30 }, [["FailedCreatePodSandBox", "Failed to create pod sandbox: flannel is not ready"]]), "broken sandbox", "core-bbb-n1 of core gets no network: Failed to create pod sandbox: flannel is not ready"],
    ["a waiting reason that nobody knows is told as it stands", rolling(auth(waiting("CosmicRays", "bit 7 flipped"))), "warning create", "auth in core-bbb-n1 waits: CosmicRays: bit 7 flipped"],
  ])("%s", (_name, objects, expected, cause) => {
    const state = fold(objects);
    expect(`${state.status} ${state.causeKind}`).toBe(expected);
    expect(state.cause).toMatch(cause);
    if (state.status !== "progressing") expect(state.remedy).toMatch(/\.$/);
  });

  const unschedulable = (secondsAgo: number) => ({ noStatuses: true, phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available.", lastTransitionTime: ago(secondsAgo) }] });
  test.each<[string, Parameters<typeof fold>[0], string]>([
    ["no room for 7 s", rolling(unschedulable(7)), "broken"],
    ["no room for 5 s", rolling(unschedulable(5)), "progressing"],
    ["no room, but a node was asked for", rolling(unschedulable(60), [["TriggeredScaleUp", "pod triggered scale-up"]]), "progressing"],
    ["gated", rolling({ noStatuses: true, phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] }), "progressing"],
    ["no scheduler looks at it", rolling({ noStatuses: true, phase: "Pending", conditions: [], ageSeconds: 30 }, [], (raw) => void (raw.spec = { containers: [] })), "broken"],
  ])("scheduling: %s", (_name, objects, status) => expect(fold(objects).status).toBe(status));

  test("cordoned nodes are named where a pod finds no place, and nowhere else", () => {
    const nodes = [{ metadata: { name: "arm-2", uid: "n2" }, spec: { unschedulable: true }, status: { conditions: [{ type: "Ready", status: "True" }] } }];
    const state = fold(rolling(unschedulable(9)), { surroundings: { ...unknownSurroundings, nodes } });
    expect(state.remedy).toBe("Uncordon arm-2, free or add a node, or ask for less.");
    expect(state.evidence).toContainEqual({ kind: "status", text: "takes no new pods (cordoned)", at: null, on: "Node arm-2" });
  });
});

test("quota: told by the Deployment, or before that by the ReplicaSet's own condition or event; its leftovers are not", () => {
  const refusal = 'pods "core-bbb-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2';
  const sentence = "core cannot get its pods: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2";
  const objects = (status: Record<string, unknown>, setPart: Record<string, unknown>, events: RawObject[]) => {
    const d = deployment("core", v5, { generation: 2, reason: "ReplicaSetUpdated", conditions: [{ type: "Available", status: "True" }, ...(status["conditions"] as [] | undefined ?? [])], status: { replicas: 2, updatedReplicas: 0, readyReplicas: 2, availableReplicas: 2 } });
    const [s4, s5] = [replicaSet(d, "aaa", v4, 1), { ...replicaSet(d, "bbb", v5, 2), ...setPart }];
    s5.spec = { ...(s5.spec as object), replicas: 1 };
    return { deployments: [d], sets: [s4, s5], pods: [pod(s4, "p1", v4), pod(s4, "p2", v4)], events };
  };
  const failure = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: refusal };
  const tellsIt = (secondsAgo: number): RawObject[] => [event({ metadata: { name: "core-bbb", uid: "rs-core-bbb" } }, "ReplicaSet", "FailedCreate", `Error creating: ${refusal}`, secondsAgo)];
  for (const given of [objects({ conditions: [failure] }, {}, []), objects({}, { status: { conditions: [failure] } }, []), objects({}, { status: { replicas: 0 } }, tellsIt(5))]) expect(fold(given)).toMatchObject({ status: "broken", causeKind: "quota", cause: sentence });
  expect(fold(objects({}, { status: { replicas: 0 } }, tellsIt(120))).status).toBe("progressing");
});

test("an evicted pod is told for ten minutes, with its node and the node's reason", () => {
  const d = deployment("core", v4);
  const set = replicaSet(d, "aaa", v4);
  const corpse = (secondsAgo: number): RawObject => {
    const raw = pod(set, "gone", v4, { phase: "Failed", ready: false, noStatuses: true, conditions: [{ type: "DisruptionTarget", status: "True", lastTransitionTime: ago(secondsAgo) }] });
    raw.status = { ...(raw.status as object), reason: "Evicted", message: "The node was low on resource: memory." };
    return raw;
  };
  const objects = (secondsAgo: number) => ({ deployments: [d], sets: [set], pods: [pod(set, "p1", v4), pod(set, "p2", v4), corpse(secondsAgo)] });
  expect(fold(objects(60))).toMatchObject({ status: "warning", causeKind: "evicted", cause: "core-aaa-gone was evicted from arm-1: The node was low on resource: memory." });
  expect(fold(objects(700)).status).toBe("healthy");
});

test("a controller that does not look at a new spec is told, a fresh write is not", () => {
  const written = (secondsAgo: number): RawObject => {
    const d = deployment("core", v5, { generation: 3, observed: 2 });
    d.metadata.managedFields = [{ manager: "kubectl", operation: "Update", time: ago(secondsAgo) }, { manager: "k3s", operation: "Update", subresource: "status", time: ago(1) }];
    return d;
  };
  expect(fold({ deployments: [written(60)], sets: [], pods: [] })).toMatchObject({ status: "warning", causeKind: "controller", cause: "the cluster has not looked at the newest spec of core (generation 3, it knows 2)" });
  expect(fold({ deployments: [written(2)], sets: [], pods: [] }).status).toBe("progressing");
});

test("how long readiness may take: five rounds of its probe between 10 s and 25 s, its own delay, or what the configuration says", () => {
  expect(readinessPatienceMs({ initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1 }, undefined)).toBe(10_000);
  expect(readinessPatienceMs({ periodSeconds: 1, failureThreshold: 3 }, undefined)).toBe(15_000);
  expect(readinessPatienceMs({}, undefined)).toBe(25_000);
  expect(readinessPatienceMs({ initialDelaySeconds: 60, periodSeconds: 5 }, undefined)).toBe(70_000);
  expect(readinessPatienceMs({}, 90)).toBe(90_000);
});

describe("several sources about one process", () => {
  const e2 = experienceImages("v2");
  const d = deployment("experience", e2);
  const set = replicaSet(d, "x", e2);
  const objects = { deployments: [d], sets: [set], pods: [pod(set, "1", e2), pod(set, "2", e2)] };
  const down = { source: "supervisor", status: "down", detail: "FATAL: exited with code 1" } as const;
  const up = { source: "health", status: "up", detail: null } as const;
  const told = (voyage: Parameters<typeof settleAccounts>[0]) => fold(objects, { bigPod: experience, health: health({ "experience-x-1": { ...allUp, voyage: settleAccounts(voyage) as never }, "experience-x-2": allUp }) });

  test("the worse wins, and the contradiction stands in the evidence", () => {
    const state = told([up, down]);
    expect(state).toMatchObject({ status: "broken", causeKind: "process", cause: "voyage in experience-x-1 is FATAL: exited with code 1" });
    expect(state.evidence.map((one) => one.text)).toEqual(["voyage: its health endpoint says up", "voyage: its supervisor says down, FATAL: exited with code 1"]);
    expect(state.pods[0]?.services[0]?.accounts).toEqual([up, down]);
  });

  test("agreement is no contradiction, and not knowing hides nothing", () => {
    expect(told([up, { ...up, source: "supervisor" }]).status).toBe("healthy");
    expect(told([up, { source: "supervisor", status: "unknown", detail: "may not be asked" }]).status).toBe("healthy");
    expect(told([{ source: "health", status: "unknown", detail: "nothing listens" }, down]).status).toBe("broken");
    expect(disagreement([up, { ...down, status: "starting" }])).toBeNull();
    expect(disagreement([up, down])).toBe("its supervisor says down (FATAL: exited with code 1), its health endpoint says up");
  });

  test("Prometheus alone, and Prometheus from before a change", () => {
    const metricsOnly = { ...experience, metrics: { form: "node_supervisord_state" as const, podLabel: "pod", processLabel: "name" } };
    delete metricsOnly.monitor;
    const measured = (at: string, since?: string): FoldInput["health"] => ({
      status: "live", reason: null, byPod: new Map(since === undefined ? [] : [["pod-experience-x-1", { at: ago(0.5), services: { voyage: { status: "up", detail: null, since } } }]]),
      metrics: { status: "live", reason: null, byPod: new Map(["1", "2"].map((n) => [`experience-x-${n}`, { at, services: { ...allUp, voyage: { status: "down", detail: "FATAL" } } }])) },
    });
    expect(fold(objects, { bigPod: metricsOnly, health: measured(ago(20)) })).toMatchObject({ status: "broken", cause: "voyage in experience-x-1 (and 1 more pod) is FATAL" });
    expect(fold(objects, { bigPod: metricsOnly, health: measured(ago(20), ago(5)) }).pods[0]?.services[0]?.status).toBe("up");
    expect(fold(objects, { bigPod: metricsOnly, health: measured(ago(20), ago(60)) }).pods[0]?.services[0]?.status).toBe("down");
    expect(fold(objects, { bigPod: metricsOnly, health: measured(ago(200)) }).status).toBe("unknown");
  });
});

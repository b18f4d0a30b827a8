import { expect, test } from "vitest";
import { bigPodStateSchema } from "#lib/contracts/state.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { eventsByObject, foldBigPod } from "#lib/domain/fold.ts";
import type { FoldInput } from "#lib/domain/fold.ts";
import { ago, allUp, core, coreImages, crashing, deployment, digestOf, event, experience, experienceImages, health, pod, replicaSet, testNow } from "#lib/domain/test-objects.ts";

const noProbes = health({}, { status: "unsupported", reason: "the pod proxy is not served here" });

function fold(objects: { deployments?: RawObject[]; sets?: RawObject[]; pods?: RawObject[]; events?: RawObject[] }, extra: Partial<FoldInput> = {}): BigPodState {
  const state = foldBigPod({
    environment: "prod",
    namespace: "dreamscape-prod",
    bigPod: core,
    deployments: objects.deployments ?? [],
    replicaSets: objects.sets ?? [],
    pods: objects.pods ?? [],
    events: eventsByObject(objects.events ?? []),
    health: noProbes,
    sources: ["lab/dreamscape-prod/pods"],
    previous: null,
    now: testNow,
    ...extra,
  });
  return bigPodStateSchema.parse(state);
}

const v4 = coreImages("v1.4.0");
const v5 = coreImages("v1.5.0");
const d4 = deployment("core", v4);
const set4 = replicaSet(d4, "aaa", v4);
const twoPods = [pod(set4, "p1", v4), pod(set4, "p2", v4)];

/** core at v1.5.0 while rolling: one new pod, two old ones. */
function rolling(newPod: Parameters<typeof pod>[3], options: { reason?: string } = {}): { deployments: RawObject[]; sets: RawObject[]; pods: RawObject[] } {
  const d = deployment("core", v5, { generation: 2, reason: options.reason ?? "ReplicaSetUpdated", status: { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 } });
  const s5 = replicaSet(d, "bbb", v5, 2);
  const s4 = replicaSet(d, "aaa", v4, 1);
  return { deployments: [d], sets: [s4, s5], pods: [pod(s4, "p1", v4), pod(s4, "p2", v4), pod(s5, "n1", v5, { ageSeconds: 5, ready: false, ...newPod })] };
}

test("all well: healthy, no cause, version from the services' own tag, digests from what ran", () => {
  const state = fold({ deployments: [d4], sets: [set4], pods: twoPods });
  expect(state).toMatchObject({ status: "healthy", cause: null, evidence: [], version: "v1.4.0", rollout: null, replicas: { desired: 2, updated: 2, ready: 2, available: 2, total: 2 } });
  expect(state.images.map((i) => [i.container, i.tag, i.digest])).toEqual([
    ["nginx", "1.27.2", digestOf(v4.nginx ?? "")],
    ["auth", "v1.4.0", digestOf(v4.auth ?? "")],
    ["user", "v1.4.0", digestOf(v4.user ?? "")],
  ]);
  expect(state.services.map((s) => s.status)).toEqual(["up", "up", "up"]);
  expect(state.since).toBe(ago(7200));
});

const running = (restarts: number, upSeconds: number, ranSeconds: number, exitCode = 1): Record<string, unknown> => ({
  restartCount: restarts,
  state: { running: { startedAt: ago(upSeconds) } },
  lastState: { terminated: { exitCode, reason: "Error", startedAt: ago(upSeconds + ranSeconds), finishedAt: ago(upSeconds) } },
});

test.each<[string, Parameters<typeof pod>[3], RawObject[] | "pull", string, string | RegExp]>([
  ["a new pod that starts", {}, [], "progressing", "v1.5.0 is rolling out: 0 of 2 new pods ready"],
  ["a new pod that crashed once", { containers: { auth: { ready: false, restartCount: 0, state: { terminated: { exitCode: 1, reason: "Error", finishedAt: ago(1) } } } } }, [], "progressing", /rolling out/],
  ["CrashLoopBackOff", { containers: { auth: crashing(1, { restarts: 1, message: "listening\nError: no database\n" }) } }, [], "broken", "auth in core-bbb-n1 keeps exiting with code 1: Error: no database"],
  ["two restarts", { containers: { auth: { ready: false, restartCount: 2, state: { terminated: { exitCode: 3, reason: "Error", finishedAt: ago(1) } } } } }, [], "broken", "auth in core-bbb-n1 keeps exiting with code 3"],
  ["out of memory again and again", { containers: { auth: crashing(137, { reason: "OOMKilled" }) } }, [], "broken", "auth in core-bbb-n1 keeps exiting with code 137: out of memory, limit 512Mi"],
  ["runs again for a moment after crashes", { containers: { auth: running(3, 10, 20) } }, [], "broken", "auth in core-bbb-n1 keeps exiting with code 1"],
  ["an image that is not there", { containers: { auth: { ready: false, state: { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "x"' } } } } }, "pull", "broken", "auth in core-bbb-n1 cannot be pulled: ghcr.io/dreamscape-ai/auth:v1.5.0 — manifest unknown"],
  ["an image that may not be read", { containers: { auth: { ready: false, state: { waiting: { reason: "ErrImagePull", message: "failed to authorize: 401 Unauthorized" } } } } }, [], "broken", /auth in core-bbb-n1 cannot be pulled: .* — Unauthorized/],
  ["a missing ConfigMap", { containers: { auth: { ready: false, state: { waiting: { reason: "CreateContainerConfigError", message: 'configmap "core-config" not found' } } } } }, [], "broken", 'auth in core-bbb-n1 cannot be started: configmap "core-config" not found'],
  ["unschedulable for 16 s", { noStatuses: true, phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available: 3 Insufficient memory.", lastTransitionTime: ago(16) }] }, [], "broken", "core waits for a node: 0/3 nodes are available: 3 Insufficient memory."],
  ["unschedulable for 3 s", { noStatuses: true, phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available.", lastTransitionTime: ago(3) }] }, [], "progressing", "core waits for a node: 0/3 nodes are available."],
])("during a rollout: %s", (_name, options, events, status, cause) => {
  const objects = rolling(options);
  const failing = objects.pods[2];
  const told = events === "pull" && failing ? [event(failing, "Pod", "Failed", 'Failed to pull image "ghcr.io/dreamscape-ai/auth:v1.5.0": rpc error: code = NotFound desc = manifest unknown: manifest unknown')] : events === "pull" ? [] : events;
  const state = fold({ ...objects, events: told });
  expect(state.status).toBe(status);
  expect(state.cause).toMatch(cause);
  expect(state.rollout).toEqual({ done: 0, total: 2 });
  if (status === "broken") expect(state.evidence.length).toBeGreaterThan(0);
});

test("what fails in old pods does not make a rollout that replaces them red", () => {
  const objects = rolling({});
  const [set] = objects.sets;
  if (!set) throw new Error("no set");
  objects.pods[0] = pod(set, "p1", v4, { ready: false, containers: { auth: crashing(1) } });
  expect(fold(objects).status).toBe("progressing");
});

test("the pods that are ready count up, and the end of old pods is still a rollout", () => {
  const d = deployment("core", v5, { generation: 2, reason: "ReplicaSetUpdated", status: { replicas: 3, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3 } });
  const s5 = replicaSet(d, "bbb", v5, 2);
  const s4 = replicaSet(d, "aaa", v4);
  const state = fold({ deployments: [d], sets: [s4, s5], pods: [pod(s5, "n1", v5), pod(s5, "n2", v5), pod(s4, "p1", v4)] });
  expect(state).toMatchObject({ status: "progressing", rollout: { done: 2, total: 2 }, cause: "v1.5.0 is rolling out: 2 of 2 new pods ready, 1 old pod still stopping" });
});

test("a spec the controller has not seen yet is a rollout, with no pod of it", () => {
  const d = deployment("core", v5, { generation: 2, observed: 1 });
  const s4 = replicaSet(d, "aaa", v4);
  const state = fold({ deployments: [d], sets: [s4], pods: [pod(s4, "p1", v4), pod(s4, "p2", v4)] });
  expect(state).toMatchObject({ status: "progressing", rollout: { done: 0, total: 2 } });
  expect(state.images.every((image) => image.digest === null)).toBe(true);
});

test("past its deadline a rollout is broken, and a failing pod is the better cause", () => {
  expect(fold(rolling({}, { reason: "ProgressDeadlineExceeded" }))).toMatchObject({ status: "broken", cause: "the rollout of v1.5.0 did not finish within 120 s: 0 of 2 new pods ready" });
  expect(fold(rolling({ containers: { auth: crashing(1) } }, { reason: "ProgressDeadlineExceeded" })).cause).toBe("auth in core-bbb-n1 keeps exiting with code 1");
});

test.each<[string, Record<string, unknown>, string, RegExp | null]>([
  ["restarted twice a week ago", running(5, 600_000, 3), "healthy", null],
  ["restarted once three minutes ago", running(1, 180, 4000), "warning", /auth in core-aaa-p1 restarted: exited with code 1/],
  ["crashes every two minutes", running(4, 90, 120), "broken", /keeps exiting/],
  ["crashed every two minutes, but has run for four", running(4, 240, 120), "warning", /restarted 4 times/],
])("after a rollout: a container that %s", (_name, status, expected, cause) => {
  const state = fold({ deployments: [d4], sets: [set4], pods: [pod(set4, "p1", v4, { containers: { auth: status } }), pod(set4, "p2", v4)] });
  expect(state.status).toBe(expected);
  if (cause) expect(state.cause).toMatch(cause);
  else expect(state.cause).toBeNull();
});

test("one of two pods not ready long after the rollout is amber with the probe's sentence; none ready is red", () => {
  const d = deployment("core", v4, { status: { readyReplicas: 1, availableReplicas: 1 } });
  const bad = pod(set4, "p1", v4, { ready: false });
  const events = [event(bad, "Pod", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")];
  expect(fold({ deployments: [d], sets: [set4], pods: [bad, pod(set4, "p2", v4)], events })).toMatchObject({ status: "warning", rollout: null, cause: "core-aaa-p1 of core is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503" });
  const none = deployment("core", v4, { status: { readyReplicas: 0, availableReplicas: 0 } });
  expect(fold({ deployments: [none], sets: [set4], pods: [bad, pod(set4, "p2", v4, { ready: false })], events })).toMatchObject({ status: "broken" });
});

test("the same failure in several pods is told once, with their number", () => {
  const state = fold({ deployments: [deployment("core", v4, { status: { readyReplicas: 0, availableReplicas: 0 } })], sets: [set4], pods: ["p1", "p2", "p3"].map((name) => pod(set4, name, v4, { ready: false, containers: { auth: crashing(1) } })) });
  expect(state.cause).toBe("auth in core-aaa-p1 (and 2 more pods) keeps exiting with code 1");
  expect(state.services.find((s) => s.name === "auth")).toMatchObject({ status: "down", restarts: 9 });
});

test.each<[string, RawObject, Partial<BigPodState>]>([
  ["scaled to 0", deployment("core", v4, { replicas: 0 }), { status: "paused", cause: "scaled to 0" }],
  ["spec.paused", deployment("core", v4, { spec: { paused: true } }), { status: "paused" }],
])("paused: %s", (_name, object, expected) => {
  expect(fold({ deployments: [object], sets: [set4], pods: object.spec && (object.spec as { replicas: number }).replicas === 0 ? [] : twoPods })).toMatchObject(expected);
});

test("a workload that never existed is unknown, one that was deleted is broken; both say what to do", () => {
  const never = fold({});
  expect(never).toMatchObject({ status: "unknown", workload: null, cause: "Deployment core does not exist in dreamscape-prod: create it or mend bigPods.core.workload in vigie.yaml" });
  const seen = fold({ deployments: [d4], sets: [set4], pods: twoPods });
  const deleted = fold({}, { previous: seen });
  expect(deleted).toMatchObject({ status: "broken", since: testNow.toISOString() });
  expect(fold({}, { previous: deleted, now: new Date(testNow.getTime() + 60_000) })).toMatchObject({ status: "broken", since: testNow.toISOString() });
});

test("a namespace that does not exist is told as that, not as a missing workload", () => {
  const missing = { namespaceMissingIn: "k3s" };
  expect(fold({}, missing)).toMatchObject({ status: "unknown", workload: null, cause: "Namespace dreamscape-prod does not exist in cluster k3s: create it, or mend cluster and namespace of prod in vigie.yaml" });
  const seen = fold({ deployments: [d4], sets: [set4], pods: twoPods });
  expect(fold({}, { ...missing, previous: seen })).toMatchObject({ status: "broken", cause: expect.stringMatching(/^Namespace dreamscape-prod was deleted from cluster k3s/) });
});

test("since stays while the status stays, and moves with it", () => {
  const first = fold(rolling({}));
  expect(fold(rolling({ containers: { auth: { restartCount: 0 } } }), { previous: first, now: new Date(testNow.getTime() + 4_000) }).since).toBe(first.since);
  const later = new Date(testNow.getTime() + 8_000);
  expect(fold(rolling({ containers: { auth: crashing(1) } }), { previous: first, now: later }).since).toBe(later.toISOString());
});

test("scaled to 0 keeps the digests that ran, and a moved tag is told", () => {
  const before = fold({ deployments: [d4], sets: [set4], pods: twoPods });
  expect(fold({ deployments: [deployment("core", v4, { replicas: 0, generation: 2 })], sets: [set4] }, { previous: before }).images).toEqual(before.images);
  const mixed = fold({ deployments: [d4], sets: [set4], pods: [pod(set4, "p1", v4), pod(set4, "p2", v4, { containers: { auth: { imageID: `ghcr.io/dreamscape-ai/auth@${digestOf("other")}` } } })] });
  expect(mixed).toMatchObject({ status: "warning", cause: expect.stringContaining("different images of auth") as string });
  expect(mixed.images.find((i) => i.container === "auth")?.digest).toBeNull();
});

const e2 = experienceImages("v2.2.1");
const de = deployment("experience", e2);
const se = replicaSet(de, "7d9f", e2);
const podsOfExperience = [pod(se, "x1", e2), pod(se, "x2", e2)];
const both = { "experience-7d9f-x1": allUp, "experience-7d9f-x2": allUp };
const foldProcesses = (extra: Partial<FoldInput>): BigPodState => fold({ deployments: [de], sets: [se], pods: podsOfExperience }, { bigPod: experience, ...extra });

test("processes: up by their own answers", () => {
  expect(foldProcesses({ health: health(both) })).toMatchObject({ status: "healthy", services: [{ name: "voyage", status: "up", detail: null }, { name: "ai", status: "up" }, { name: "panorama", status: "up" }] });
});

test("a FATAL process in a ready pod is broken at once", () => {
  const state = foldProcesses({ health: health({ ...both, "experience-7d9f-x2": { ...allUp, voyage: { status: "down", detail: "FATAL: exited with code 1: cannot reach the tile server" } } }) });
  expect(state).toMatchObject({ status: "broken", cause: "voyage in experience-7d9f-x2 is FATAL: exited with code 1: cannot reach the tile server" });
  expect(state.services[0]).toMatchObject({ status: "degraded", detail: expect.stringContaining("1 of 2 pods") as string });
  expect(state.evidence[0]).toMatchObject({ kind: "probe", on: "Pod experience-7d9f-x2" });
});

test("an answer from before a pod became ready tells of its start: not broken, but not healthy either; one from after it counts", () => {
  const refused = { ...allUp, voyage: { status: "down", detail: "nothing listens on port 3003" } } as const;
  const young = { pods: [pod(se, "x1", e2), pod(se, "x2", e2, { ageSeconds: 3 })], deployments: [de], sets: [se] };
  const told = (at: string, detail = refused) => fold(young, { bigPod: experience, health: health({ ...both, "experience-7d9f-x2": detail }, { at }) });
  expect(told(ago(3.5)).status).toBe("progressing");
  expect(told(ago(2.1)).status).toBe("progressing");
  expect(told(ago(1.9))).toMatchObject({ status: "broken", cause: "voyage in experience-7d9f-x2 is down: nothing listens on port 3003" });
  expect(fold(young, { bigPod: experience, health: health({ ...both, "experience-7d9f-x2": { ...allUp, voyage: { status: "down", detail: "FATAL: exited with code 1" } } }, { at: ago(2.9) }) }).status).toBe("broken");
});

test.each<[string, FoldInput["health"], string, RegExp | null]>([
  ["unsupported: the container's readiness counts, and that is said", health({}, { status: "unsupported", reason: "pod proxy not served here" }), "healthy", null],
  ["down: nobody knows, so it is not green", health({}, { status: "down", reason: "the pod proxy times out" }), "unknown", /^voyage in experience-7d9f-x1 \(and 1 more pod\) is unknown: no answer yet: the pod proxy times out$/],
  ["one pod silent", health({ "experience-7d9f-x1": allUp }), "unknown", /voyage in experience-7d9f-x2/],
  ["answers too old", health(both, { at: ago(60) }), "unknown", /older than 30 s/],
  ["degraded", health({ ...both, "experience-7d9f-x1": { ...allUp, ai: { status: "degraded", detail: "queue is long" } } }), "warning", /ai in experience-7d9f-x1 is degraded: queue is long/],
])("probes %s", (_name, input, status, cause) => {
  const state = foldProcesses({ health: input });
  expect(state.status).toBe(status);
  if (cause) expect(state.cause).toMatch(cause);
  if (input.status === "unsupported") expect(state.services[0]).toMatchObject({ status: "up", detail: "not asked: pod proxy not served here" });
});

test("terminal codes and direction marks in a message are taken out", () => {
  const state = fold(rolling({ containers: { auth: crashing(1, { message: "\u001b[31mboom\u001b[0m\u202e <b>x</b>\u0000" }) } }));
  expect(state.cause).toBe("auth in core-bbb-n1 keeps exiting with code 1: boom <b>x</b>");
});

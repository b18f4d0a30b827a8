import { afterEach, expect, test } from "vitest";
import { addBuild, createDeployment, createLab, isRolledOut, setImage, type Lab } from "#sandbox/controllers/lab.test-support.ts";
import { isReady, type ContainerStatus, type Pod } from "#sandbox/controllers/pod-shape.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";
import type { Behaviour } from "#sandbox/world/types.ts";

const image = "registry.example/app:v1";
const labs: Lab[] = [];
function lab(behaviour: Behaviour = { kind: "healthy" }, options = {}): Lab {
  const made = createLab({ options });
  labs.push(made);
  addBuild(made.catalogue, image, behaviour);
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) {
    made.stop();
    expect(made.errors).toEqual([]);
  }
});

function onlyPod(made: Lab): Pod {
  const [pod] = made.pods();
  if (!pod) throw new Error("no pod");
  return pod;
}

function onlyStatus(made: Lab): ContainerStatus {
  const [status] = onlyPod(made).status?.containerStatuses ?? [];
  if (!status) throw new Error("no container status");
  return status;
}

const waitingReason = (made: Lab) => onlyPod(made).status?.containerStatuses?.[0]?.state.waiting?.reason;
const messages = (made: Lab, reason: string) => made.events(reason).map((event) => event.message);

test("a pod is bound, pulled, started and ready within about two seconds, and says so", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 1, container: { resources: { requests: { cpu: "50m", memory: "64Mi" } } } });
  made.clock.runUntil(() => isReady(onlyPod(made)), 3_000);
  const { status, spec } = onlyPod(made);
  expect(status).toMatchObject({ phase: "Running", qosClass: "Burstable", hostIP: "10.0.0.11" });
  expect(status?.podIP).toMatch(/^10\.42\.0\.\d+$/);
  expect(status?.startTime).toMatch(/^2026-11-21T08:00:0\dZ$/);
  expect(status?.conditions?.map((condition) => `${condition.type}=${condition.status}`).sort()).toEqual(["ContainersReady=True", "Initialized=True", "PodReadyToStartContainers=True", "PodScheduled=True", "Ready=True"]);
  expect(onlyStatus(made)).toMatchObject({ image, imageID: `registry.example/app@${made.catalogue.resolve(image)?.digest}`, restartCount: 0, ready: true, started: true });
  expect(onlyStatus(made).containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
  const order = made.store.list("events").filter((event) => event.involvedObject.kind === "Pod").map((event) => event.reason);
  expect(order).toEqual(["Scheduled", "Pulling", "Pulled", "Created", "Started"]);
  expect(messages(made, "Scheduled")[0]).toBe(`Successfully assigned test/${onlyPod(made).metadata.name} to ${spec.nodeName}`);
});

test("a crashing container restarts at once, then backs off 10 s, 20 s, 40 s", () => {
  const made = lab({ kind: "exits", exitCode: 3, lastLine: "boom" });
  createDeployment(made.store, { replicas: 1 });
  const starts: number[] = [];
  made.store.subscribe(({ resource, object }) => {
    if (resource === "events" && object.reason === "Started") starts.push(made.clock.now());
  });
  made.clock.runUntil(() => starts.length === 5, 120_000);
  const gaps = starts.slice(1).map((at, index) => (at - (starts[index] ?? 0)) / 1000);
  expect(gaps[0]).toBeLessThan(3);
  for (const [index, backoff] of [10, 20, 40].entries()) {
    expect(gaps[index + 1]).toBeGreaterThanOrEqual(backoff);
    expect(gaps[index + 1]).toBeLessThan(backoff + 3);
  }
  made.clock.runUntil(() => waitingReason(made) === "CrashLoopBackOff", 10_000);
  const { uid, name } = onlyPod(made).metadata;
  expect(onlyStatus(made).state.waiting?.message).toBe(`back-off 1m20s restarting failed container=main pod=${name}_test(${uid})`);
  expect(onlyStatus(made)).toMatchObject({ restartCount: 4, ready: false, lastState: { terminated: { exitCode: 3, reason: "Error" } } });
  expect(onlyPod(made).status?.phase).toBe("Running");
  const [backOff] = made.events("BackOff");
  expect(backOff).toMatchObject({ count: 4, type: "Warning", message: `Back-off restarting failed container main in pod ${name}_test(${uid})`, involvedObject: { fieldPath: "spec.containers{main}" } });
});

test("an image that cannot be pulled keeps the registry's words and backs off", () => {
  const made = lab();
  addBuild(made.catalogue, "registry.example/app:nopull", { kind: "healthy" }, { inRegistry: false });
  createDeployment(made.store, { replicas: 1, image: "registry.example/app:nopull" });
  made.clock.runUntil(() => waitingReason(made) === "ErrImagePull", 5_000);
  const words = 'rpc error: code = NotFound desc = failed to pull and unpack image "registry.example/app:nopull": failed to resolve reference "registry.example/app:nopull": registry.example/app:nopull: not found';
  expect(onlyStatus(made).state.waiting?.message).toBe(words);
  made.clock.runUntil(() => waitingReason(made) === "ImagePullBackOff", 5_000);
  expect(onlyStatus(made).state.waiting?.message).toBe('Back-off pulling image "registry.example/app:nopull"');
  expect(onlyPod(made).status?.phase).toBe("Pending");
  expect(messages(made, "Failed")).toEqual(expect.arrayContaining([`Failed to pull image "registry.example/app:nopull": ${words}`, "Error: ErrImagePull", "Error: ImagePullBackOff"]));
});

test("pulls fail while the registry is down and succeed once it is back", () => {
  const made = lab();
  made.catalogue.registryDown = true;
  createDeployment(made.store, { replicas: 1 });
  made.clock.runUntil(() => waitingReason(made) === "ErrImagePull", 5_000);
  expect(onlyStatus(made).state.waiting?.message).toContain("503 Service Unavailable");
  made.catalogue.registryDown = false;
  made.clock.runUntil(() => isReady(onlyPod(made)), 20_000);
});

test("an image without the node's architecture cannot execute", () => {
  const made = lab();
  addBuild(made.catalogue, "registry.example/app:amd64", { kind: "healthy" }, { platforms: ["linux/amd64"] });
  createDeployment(made.store, { replicas: 1, image: "registry.example/app:amd64" });
  made.clock.runUntil(() => waitingReason(made) === "CrashLoopBackOff", 10_000);
  expect(onlyStatus(made).lastState.terminated).toMatchObject({ exitCode: 255, reason: "Error" });
});

test("out of memory is 137, OOMKilled, and never becomes ready", () => {
  const made = lab({ kind: "out-of-memory" });
  createDeployment(made.store, { replicas: 1 });
  let everReady = false;
  made.store.subscribe(({ resource }) => {
    if (resource === "pods" && made.pods().some(isReady)) everReady = true;
  });
  made.clock.runUntil(() => waitingReason(made) === "CrashLoopBackOff", 30_000);
  expect(onlyStatus(made).lastState.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  expect(everReady).toBe(false);
});

test("a slow image is ready after its time, with the probe's failures on record", () => {
  const made = lab({ kind: "slow", readyAfterSeconds: 12 });
  createDeployment(made.store, { replicas: 1 });
  made.clock.run(11_000);
  expect(isReady(onlyPod(made))).toBe(false);
  expect(onlyPod(made).status?.conditions?.find((condition) => condition.type === "Ready")).toMatchObject({ reason: "ContainersNotReady", message: "containers with unready status: [main]" });
  made.clock.run(5_000);
  expect(isReady(onlyPod(made))).toBe(true);
  expect(messages(made, "Unhealthy")[0]).toMatch(/^Readiness probe failed: Get "http:\/\/10\.42\.0\.\d+:8080\/health": dial tcp 10\.42\.0\.\d+:8080: connect: connection refused$/);
});

test("a slow start goes on where it was when the sandbox is restarted", () => {
  const made = lab({ kind: "slow", readyAfterSeconds: 20 });
  createDeployment(made.store, { replicas: 1 });
  made.clock.run(10_000);
  made.restart();
  made.clock.run(6_000);
  expect(isReady(onlyPod(made))).toBe(false);
  made.clock.run(8_000);
  expect(isReady(onlyPod(made))).toBe(true);
  expect(onlyStatus(made).restartCount).toBe(0);
});

test("a failing liveness probe restarts the container", () => {
  const made = lab({ kind: "slow", readyAfterSeconds: 3_600 });
  createDeployment(made.store, { replicas: 1, container: { livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 2, failureThreshold: 3 } } });
  made.clock.runUntil(() => (onlyPod(made).status?.containerStatuses?.[0]?.restartCount ?? 0) > 0, 30_000);
  expect(messages(made, "Killing")).toContain("Container main failed liveness probe, will be restarted");
  expect(onlyStatus(made).lastState.terminated?.exitCode).toBe(137);
});

test("a missing ConfigMap holds the container back until it is there", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 1, container: { envFrom: [{ configMapRef: { name: "settings" } }] } });
  made.clock.runUntil(() => waitingReason(made) === "CreateContainerConfigError", 5_000);
  expect(onlyStatus(made).state.waiting?.message).toBe('configmap "settings" not found');
  expect(messages(made, "Failed")).toContain('Error: configmap "settings" not found');
  made.store.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "test" } as KubeObject["metadata"], data: {} }, { manager: "test" });
  made.clock.runUntil(() => isReady(onlyPod(made)), 4_000);
});

test("a deleted pod stops gracefully, is replaced at once, and is gone soon", () => {
  const made = lab();
  createDeployment(made.store, { replicas: 1 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  const { name } = onlyPod(made).metadata;
  made.store.delete("pods", "test", name);
  made.clock.run(1);
  expect(made.pods().map((pod) => pod.metadata.deletionTimestamp !== undefined).sort()).toEqual([false, true]);
  expect(messages(made, "Killing")).toEqual(["Stopping container main"]);
  made.clock.run(1_000);
  expect(made.store.get("pods", "test", name)).toBeUndefined();
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 5_000);
});

test("after a restart of the sandbox running pods go on as they were", () => {
  const made = lab();
  addBuild(made.catalogue, "registry.example/app:broken", { kind: "exits", exitCode: 1, lastLine: "boom" });
  createDeployment(made.store);
  createDeployment(made.store, { name: "bad", image: "registry.example/app:broken", replicas: 1 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  made.clock.run(60_000);
  const facts = () => made.pods().filter((pod) => pod.metadata.labels?.app === "app").map((pod) => [pod.metadata.name, pod.status?.podIP, pod.status?.containerStatuses?.[0]?.containerID, pod.status?.containerStatuses?.[0]?.restartCount, isReady(pod)]);
  const crashes = () => made.pods().find((pod) => pod.metadata.labels?.app === "bad")?.status?.containerStatuses?.[0]?.restartCount ?? 0;
  const before = facts();
  const crashesBefore = crashes();
  made.restart();
  made.clock.run(60_000);
  expect(facts()).toEqual(before);
  expect(made.pods()).toHaveLength(3);
  expect(crashes()).toBeGreaterThan(crashesBefore);
  setImage(made.store, "registry.example/app:broken");
  made.clock.run(5_000);
  expect(made.activePods().filter((pod) => pod.metadata.labels?.app === "app")).toHaveLength(3);
});

test("an image that is on the node under its tag is not pulled again for its digest, even with the registry down", () => {
  const made = lab();
  const second = addBuild(made.catalogue, "registry.example/app:v2");
  const first = made.catalogue.resolve(image);
  createDeployment(made.store, { replicas: 3 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  setImage(made.store, `registry.example/app:v2@${second.digest}`);
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 30_000);
  made.catalogue.registryDown = true;
  const pulls = messages(made, "Pulling").length;
  setImage(made.store, `${image}@${first?.digest}`);
  made.clock.runUntil(() => isRolledOut(made.deployment("app")), 30_000);
  expect(messages(made, "Pulling")).toHaveLength(pulls);
  expect(messages(made, "Pulled")).toContain(`Container image "${image}@${first?.digest}" already present on machine`);
  expect(made.activePods().map((pod) => pod.status?.containerStatuses?.[0]?.imageID)).toEqual(Array.from({ length: 3 }, () => `registry.example/app@${first?.digest}`));
});

test("what a node has pulled is in its status and outlives a restart of the sandbox", () => {
  const made = lab();
  const second = addBuild(made.catalogue, "registry.example/app:v2");
  createDeployment(made.store, { replicas: 1 });
  made.clock.runUntil(() => isRolledOut(made.deployment("app")));
  const node = onlyPod(made).spec.nodeName ?? "";
  setImage(made.store, "registry.example/app:v2");
  made.clock.runUntil(() => isRolledOut(made.deployment("app")) && made.pods().length === 1, 30_000);
  expect(made.store.get("nodes", undefined, node)?.status.images.map((entry: { names: string[] }) => entry.names)).toContainEqual([`registry.example/app@${made.catalogue.resolve(image)?.digest}`, image]);
  made.restart();
  made.catalogue.registryDown = true;
  setImage(made.store, image);
  made.clock.runUntil(() => isRolledOut(made.deployment("app")) && made.pods().length === 1, 30_000);
  expect(onlyPod(made).spec.nodeName).toBe(node);
  expect(made.catalogue.resolve("registry.example/app:v2")).toBe(second);
});

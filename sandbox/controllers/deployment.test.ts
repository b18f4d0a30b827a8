import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { rollingLimits } from "#sandbox/controllers/rolling-update.ts";
import { isReady } from "#sandbox/controllers/pod-shape.ts";
import { addBuild, conditionReason, createDeployment, createLab, isRolledOut, setImage, type Lab } from "#sandbox/controllers/lab.test-support.ts";

const labs: Lab[] = [];
function lab(seed = 1): Lab {
  const made = createLab({ seed });
  labs.push(made);
  for (const tag of ["v1", "v2", "v3"]) addBuild(made.catalogue, `registry.example/app:${tag}`);
  addBuild(made.catalogue, "registry.example/app:broken", { kind: "exits", exitCode: 1, lastLine: "boom" });
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) {
    made.stop();
    expect(made.errors).toEqual([]);
    expect(made.clock.waiting).toBe(0);
  }
});

const revision = (object: { metadata: { annotations?: Record<string, string> } }) => object.metadata.annotations?.["deployment.kubernetes.io/revision"];

test("a new Deployment becomes available with the reasons of the real controller", () => {
  const { store, clock, deployment, activePods, events } = lab();
  createDeployment(store);
  clock.runUntil(() => isRolledOut(deployment("app")), 10_000);
  expect(conditionReason(deployment("app"), "Available")).toBe("MinimumReplicasAvailable");
  expect(conditionReason(deployment("app"), "Progressing")).toBe("NewReplicaSetAvailable");
  expect(revision(deployment("app"))).toBe("1");
  const [set] = store.list("replicasets.apps", "test");
  expect(set?.metadata.name).toBe(`app-${set?.metadata.labels?.["pod-template-hash"]}`);
  expect(set?.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/desired-replicas": "2", "deployment.kubernetes.io/max-replicas": "3" });
  expect(activePods()).toHaveLength(2);
  expect(new Set(activePods().map((pod) => pod.spec.nodeName)).size).toBe(2);
  expect(events("ScalingReplicaSet")[0]?.message).toBe(`Scaled up replica set ${set?.metadata.name} to 2`);
});

test("a rolling update keeps within surge and unavailability, whatever they are", () => {
  const share = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`));
  fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), share, share, fc.integer({ min: 1, max: 10_000 }), (replicas, maxSurge, maxUnavailable, seed) => {
    // A Deployment that may do neither could never roll; the API refuses it.
    fc.pre(![maxSurge, maxUnavailable].every((value) => Number.parseInt(String(value), 10) === 0));
    const { store, clock, deployment, activePods } = lab(seed);
    createDeployment(store, { replicas, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } } });
    clock.runUntil(() => isRolledOut(deployment("app")), 60_000);
    const limits = rollingLimits(replicas, deployment("app").spec.strategy);
    let most = 0;
    let fewest = replicas;
    const unsubscribe = store.subscribe(() => {
      most = Math.max(most, activePods().length);
      fewest = Math.min(fewest, activePods().filter(isReady).length);
    });
    setImage(store, "registry.example/app:v2");
    clock.runUntil(() => isRolledOut(deployment("app")), 120_000);
    unsubscribe();
    expect(most).toBeLessThanOrEqual(replicas + limits.maxSurge);
    expect(fewest).toBeGreaterThanOrEqual(replicas - limits.maxUnavailable);
    expect(activePods().map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(replicas).fill("registry.example/app:v2"));
  }), { numRuns: 40 });
});

test("a release that cannot start misses the progress deadline and leaves the old pods serving", () => {
  const { store, clock, deployment, activePods } = lab();
  createDeployment(store, { progressDeadlineSeconds: 20 });
  clock.runUntil(() => isRolledOut(deployment("app")));
  setImage(store, "registry.example/app:broken");
  clock.runUntil(() => conditionReason(deployment("app"), "Progressing") === "ReplicaSetUpdated", 5_000);
  const startedAt = clock.now();
  clock.runUntil(() => conditionReason(deployment("app"), "Progressing") === "ProgressDeadlineExceeded", 60_000);
  expect(clock.now() - startedAt).toBeGreaterThanOrEqual(20_000);
  expect(clock.now() - startedAt).toBeLessThan(22_000);
  expect(activePods().filter(isReady)).toHaveLength(2);
  expect(deployment("app").status).toMatchObject({ updatedReplicas: 1, availableReplicas: 2, unavailableReplicas: 1 });
  const [condition] = deployment("app").status.conditions.filter((candidate: { type: string }) => candidate.type === "Progressing");
  expect(condition.message).toMatch(/^ReplicaSet "app-[a-z0-9]+" has timed out progressing\.$/);
});

test("going back uses the old ReplicaSet again, with a raised revision and its history", () => {
  const { store, clock, deployment } = lab();
  createDeployment(store);
  clock.runUntil(() => isRolledOut(deployment("app")));
  const first = store.list("replicasets.apps", "test")[0]?.metadata.name ?? "";
  setImage(store, "registry.example/app:v2");
  clock.runUntil(() => isRolledOut(deployment("app")));
  setImage(store, "registry.example/app:v1");
  clock.runUntil(() => isRolledOut(deployment("app")));
  expect(store.list("replicasets.apps", "test")).toHaveLength(2);
  const again = store.get("replicasets.apps", "test", first);
  expect(again?.spec.replicas).toBe(2);
  expect(again?.metadata.annotations).toMatchObject({ "deployment.kubernetes.io/revision": "3", "deployment.kubernetes.io/revision-history": "1" });
  expect(revision(deployment("app"))).toBe("3");
});

test("old ReplicaSets beyond revisionHistoryLimit are removed, oldest first", () => {
  const { store, clock, deployment } = lab();
  createDeployment(store, { revisionHistoryLimit: 1 });
  for (const tag of ["v1", "v2", "v3"]) {
    setImage(store, `registry.example/app:${tag}`);
    clock.runUntil(() => isRolledOut(deployment("app")));
  }
  clock.run(2_000);
  const images = store.list("replicasets.apps", "test").map((set) => set.spec.template.spec.containers[0].image);
  expect(images.sort()).toEqual(["registry.example/app:v2", "registry.example/app:v3"]);
});

test("a paused Deployment does not roll, but scales; resuming rolls", () => {
  const { store, clock, deployment, activePods } = lab();
  createDeployment(store);
  clock.runUntil(() => isRolledOut(deployment("app")));
  store.modify("deployments.apps", "test", "app", { manager: "test" }, (draft) => {
    draft.spec.paused = true;
    draft.spec.replicas = 3;
    draft.spec.template.spec.containers[0].image = "registry.example/app:v2";
  });
  clock.run(10_000);
  expect(conditionReason(deployment("app"), "Progressing")).toBe("DeploymentPaused");
  expect(activePods().map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(3).fill("registry.example/app:v1"));
  store.modify("deployments.apps", "test", "app", { manager: "test" }, (draft) => {
    draft.spec.paused = false;
  });
  clock.runUntil(() => isRolledOut(deployment("app")), 60_000);
  expect(activePods().map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(3).fill("registry.example/app:v2"));
});

test("scaling in the middle of a rollout spreads the difference over both sets", () => {
  const { store, clock, deployment } = lab();
  createDeployment(store, { replicas: 10, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
  clock.runUntil(() => isRolledOut(deployment("app")));
  setImage(store, "registry.example/app:broken");
  clock.run(5_000);
  const sizes = () => Object.fromEntries(store.list("replicasets.apps", "test").map((set) => [set.spec.template.spec.containers[0].image.split(":")[1], set.spec.replicas]));
  expect(sizes()).toEqual({ v1: 8, broken: 5 });
  store.modify("deployments.apps", "test", "app", { manager: "test", subresource: "scale" }, (draft) => {
    draft.spec.replicas = 15;
  });
  clock.run(1_000);
  expect(sizes()).toEqual({ v1: 11, broken: 7 });
});

test("Recreate stops every old pod before it makes a new one", () => {
  const { store, clock, deployment, pods } = lab();
  createDeployment(store, { strategy: { type: "Recreate" } });
  clock.runUntil(() => isRolledOut(deployment("app")));
  let mixed = 0;
  const unsubscribe = store.subscribe(() => {
    if (new Set(pods().map((pod) => pod.spec.containers[0]?.image)).size > 1) mixed += 1;
  });
  setImage(store, "registry.example/app:v2");
  clock.runUntil(() => isRolledOut(deployment("app")), 60_000);
  unsubscribe();
  expect(mixed).toBe(0);
});

test("deleting a Deployment takes its ReplicaSets and pods with it; orphaning leaves them", () => {
  const { store, clock, deployment, pods } = lab();
  createDeployment(store);
  createDeployment(store, { name: "kept" });
  clock.runUntil(() => isRolledOut(deployment("app")) && isRolledOut(deployment("kept")));
  store.delete("deployments.apps", "test", "app", { propagationPolicy: "Foreground" });
  store.delete("deployments.apps", "test", "kept", { propagationPolicy: "Orphan" });
  clock.run(5_000);
  expect(store.get("deployments.apps", "test", "app")).toBeUndefined();
  expect(store.get("deployments.apps", "test", "kept")).toBeUndefined();
  expect(store.list("replicasets.apps", "test").map((set) => set.metadata.labels?.app)).toEqual(["kept"]);
  expect(pods().map((pod) => pod.metadata.labels?.app)).toEqual(["kept", "kept"]);
});

test("deleting a namespace empties it first", () => {
  const { store, clock, deployment } = lab();
  createDeployment(store);
  clock.runUntil(() => isRolledOut(deployment("app")));
  store.delete("namespaces", undefined, "test");
  expect(store.get("namespaces", undefined, "test")?.metadata.deletionTimestamp).toBeDefined();
  clock.run(10_000);
  expect(store.get("namespaces", undefined, "test")).toBeUndefined();
  expect(store.list("pods", "test")).toEqual([]);
  expect(store.list("events", "test")).toEqual([]);
});

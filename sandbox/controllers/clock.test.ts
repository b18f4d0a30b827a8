import { expect, test } from "vitest";
import { createClock, createScope, elapsedMs, toMicroTime, toTime } from "#sandbox/controllers/clock.ts";
import { addBuild, createCatalogueForTests, createDeployment, isRolledOut } from "#sandbox/controllers/lab.test-support.ts";
import { asNew } from "#sandbox/controllers/object-keys.ts";
import { startControllers } from "#sandbox/controllers/start.ts";
import { createStore } from "#sandbox/kube/store.ts";
import { nodeObjects } from "#sandbox/world/seed-nodes.ts";
import { createWorld } from "#sandbox/world/world.ts";

test("stopping a scope cancels its own timers only, and none can be added", async () => {
  const clock = createClock({ speed: 1_000 });
  const scope = createScope(clock);
  const fired: string[] = [];
  scope.after(1_000, () => fired.push("scope"));
  scope.soon(() => fired.push("scope soon"));
  scope.stop();
  scope.after(0, () => fired.push("late"));
  await new Promise<void>((resolve) => clock.after(5_000, resolve));
  expect(fired).toEqual([]);
  clock.stop();
});

test("a timer that throws is reported and the others go on", async () => {
  const clock = createClock({ speed: 1_000 });
  const errors: unknown[] = [];
  const scope = createScope(clock, (error) => errors.push(error));
  scope.after(1, () => {
    throw new Error("boom");
  });
  await new Promise<void>((resolve) => scope.after(3_000, resolve));
  expect(errors).toEqual([new Error("boom")]);
  clock.stop();
});

test("times are written as Kubernetes writes them; speed makes them feel longer", () => {
  const atMs = Date.parse("2026-11-21T08:00:00.987Z");
  expect(toTime(atMs)).toBe("2026-11-21T08:00:00Z");
  expect(toMicroTime(atMs)).toBe("2026-11-21T08:00:00.987000Z");
  const clock = createClock({ now: () => atMs + 500, speed: 20 });
  expect(elapsedMs(clock, atMs)).toBe(10_000);
});

test("on the runtime's own timers, speeded up, a Deployment rolls out; stop leaves nothing running", async () => {
  const store = createStore({ now: Date.now });
  const catalogue = createCatalogueForTests();
  addBuild(catalogue, "registry.example/app:v1");
  for (const node of nodeObjects(Date.now())) {
    store.create("nodes", asNew(node), { manager: "test" });
    store.modify("nodes", undefined, node.metadata.name, { manager: "test", subresource: "status" }, (draft) => {
      draft.status = structuredClone(node.status);
    });
  }
  const world = createWorld({ speed: 50 });
  const errors: unknown[] = [];
  const controllers = startControllers({ store, catalogue, world, options: { speed: 50, onError: (_where, error) => errors.push(error) } });
  const rolledOut = new Promise<void>((resolve) => {
    store.subscribe(({ resource, object }) => {
      if (resource === "deployments.apps" && isRolledOut(object)) resolve();
    });
  });
  createDeployment(store, { replicas: 3 });
  await rolledOut;
  controllers.stop();
  world.stopAll();
  const version = store.resourceVersion;
  store.delete("pods", "test", store.list("pods", "test")[0]?.metadata.name ?? "");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(store.list("pods", "test")).toHaveLength(3);
  expect(Number(store.resourceVersion)).toBe(Number(version) + 1);
  expect(errors).toEqual([]);
});

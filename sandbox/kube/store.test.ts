import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { KubeError } from "#sandbox/kube/errors.ts";
import { deploymentOf, podOf } from "#sandbox/kube/server-for-tests.test-support.ts";
import { resourceByKey } from "#sandbox/kube/objects/resources.ts";
import { createStore } from "#sandbox/kube/store.ts";
import type { StoreEvent } from "#sandbox/kube/types.ts";

const by = { manager: "tests" };
const folders: string[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "kube-store-"));
  folders.push(made);
  return made;
}

function configMap(name: string, data: Record<string, string> = {}) {
  return { metadata: { name, namespace: "default" } as never, data };
}

test("versions only grow, over all resources, and each change has one", () => {
  const store = createStore({ now: () => 0 });
  const versions = [store.create("pods", podOf("a"), by), store.create("configmaps", configMap("c"), by), store.create("pods", podOf("b"), by)].map((one) => Number(one.metadata.resourceVersion));
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  expect(new Set(versions).size).toBe(3);
  expect(store.resourceVersion).toBe(String(versions[2]));
});

test("what is handed out cannot be changed from outside", () => {
  const store = createStore({ now: () => 0 });
  const given = { ...configMap("frozen", { a: "1" }) };
  const stored = store.create("configmaps", given, by);
  given.data.a = "2";
  expect(() => {
    stored.data.a = "3";
  }).toThrow(TypeError);
  expect(store.get("configmaps", "default", "frozen")?.data).toEqual({ a: "1" });
});

test("modify: a private copy, undefined when absent, false or no difference writes nothing", () => {
  const store = createStore({ now: () => 0 });
  const created = store.create("configmaps", configMap("m", { a: "1" }), by);
  expect(store.modify("configmaps", "default", "none", by, () => undefined)).toBeUndefined();
  expect(store.modify("configmaps", "default", "m", by, (draft) => {
    draft.data.a = "2";
    return false;
  })).toBe(created);
  expect(store.modify("configmaps", "default", "m", by, () => undefined)).toBe(created);
  expect(store.modify("configmaps", "default", "m", by, (draft) => {
    draft.data.a = "2";
  })?.data).toEqual({ a: "2" });
});

test("listeners hear every change in one order, also of changes made while they listen", () => {
  const store = createStore({ now: () => 0 });
  const heard: string[][] = [[], []];
  store.subscribe((event: StoreEvent) => {
    heard[0]?.push(`${event.type} ${event.object.metadata.name}`);
    if (event.type === "ADDED" && event.object.metadata.name === "first") store.create("configmaps", configMap("second"), by);
  });
  const stop = store.subscribe((event) => heard[1]?.push(`${event.type} ${event.object.metadata.name}`));
  store.create("configmaps", configMap("first"), by);
  stop();
  store.delete("configmaps", "default", "first");
  expect(heard).toEqual([["ADDED first", "ADDED second", "DELETED first"], ["ADDED first", "ADDED second"]]);
});

test("generation counts changes of spec, and of a deployment's annotations", () => {
  const store = createStore({ now: () => 0 });
  store.create("deployments.apps", deploymentOf("g"), by);
  const generation = (change: (draft: any) => void, subresource?: "status" | "scale") =>
    store.modify("deployments.apps", "default", "g", { ...by, ...(subresource ? { subresource } : {}) }, change)?.metadata.generation;
  expect(generation((draft) => {
    draft.metadata.labels = { a: "b" };
  })).toBe(1);
  expect(generation((draft) => {
    draft.status = { replicas: 1 };
  }, "status")).toBe(1);
  expect(generation((draft) => {
    draft.spec.replicas = 3;
  }, "scale")).toBe(2);
  expect(generation((draft) => {
    draft.metadata.annotations = { a: "b" };
  })).toBe(3);
});

test("services get an address of their own and keep it", () => {
  const store = createStore({ now: () => 0 });
  const service = (name: string, type = "ClusterIP") => store.create("services", { metadata: { name, namespace: "default" } as never, spec: { type, ports: [{ port: 80 }] } }, by);
  const [a, b] = [service("a"), service("b", "NodePort")];
  expect(a.spec.clusterIP).toMatch(/^10\.43\./);
  expect(a.spec.clusterIP).not.toBe(b.spec.clusterIP);
  expect(b.spec.ports[0].nodePort).toBeGreaterThanOrEqual(30_000);
  const replaced = store.update("services", { ...a, metadata: { ...a.metadata, resourceVersion: "" }, spec: { ports: [{ port: 81 }] } }, by);
  expect(replaced.spec).toMatchObject({ clusterIP: a.spec.clusterIP, ports: [{ port: 81, targetPort: 81 }] });
});

test("defaults and admission of a pod; a secret's plain text is encoded; a job selects its own pods", () => {
  const store = createStore({ now: () => 0 });
  const pod = store.create("pods", podOf("p", {}, { containers: [{ name: "a", image: "x@sha256:0", resources: { limits: { cpu: 1, memory: "1Gi" } } }] }), by);
  expect(pod).toMatchObject({ spec: { serviceAccountName: "default", containers: [{ imagePullPolicy: "IfNotPresent", resources: { requests: { cpu: "1", memory: "1Gi" } } }] }, status: { phase: "Pending", qosClass: "Guaranteed" } });
  expect(store.create("secrets", { metadata: { name: "s", namespace: "default" } as never, stringData: { k: "v" } }, by)).toMatchObject({ type: "Opaque", data: { k: "dg==" } });
  const job = store.create("jobs.batch", { metadata: { name: "j", namespace: "default" } as never, spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "x" }] } } } }, by);
  expect(job.spec.selector.matchLabels).toEqual({ "batch.kubernetes.io/controller-uid": job.metadata.uid });
  expect(job.spec.template.metadata.labels["job-name"]).toBe("j");
});

test("an old version is answered while it is remembered, then it is 410", () => {
  const store = createStore({ now: () => 0, historyLimit: 4 });
  const resource = { key: "configmaps" } as never;
  const start = Number(store.resourceVersion);
  for (let index = 0; index < 3; index++) store.create("configmaps", configMap(`h-${index}`), by);
  expect(store.changesSince(resource, start).map(({ object }) => object.metadata.name)).toEqual(["h-0", "h-1", "h-2"]);
  expect(store.snapshot(resource, "default", start + 1).objects.map((one) => one.metadata.name)).toEqual(["h-0"]);
  for (let index = 3; index < 20; index++) store.create("configmaps", configMap(`h-${index}`), by);
  expect(() => store.changesSince(resource, start)).toThrow(KubeError);
  expect(() => store.snapshot(resource, "default", start + 1)).toThrow(/too old resource version/);
});

test("a stopped store comes back whole, and never hands out a version twice", async () => {
  const persistFile = join(folder(), "objects.json");
  const first = createStore({ now: () => 0, persistFile });
  const made = first.create("deployments.apps", deploymentOf("kept"), by);
  await first.stop();
  const second = createStore({ now: () => 0, persistFile });
  expect(second.get("deployments.apps", "default", "kept")).toEqual(made);
  expect(Number(second.resourceVersion)).toBeGreaterThan(Number(first.resourceVersion));
  expect(() => second.changesSince({ key: "deployments.apps" } as never, Number(made.metadata.resourceVersion))).toThrow(/too old/);
});

test("a snapshot follows changes within about a second, and a kill leaves a readable one", async () => {
  const persistFile = join(folder(), "objects.json");
  const store = createStore({ now: () => 0, persistFile });
  store.create("configmaps", configMap("written"), by);
  await expect.poll(() => {
    try {
      return readFileSync(persistFile, "utf8");
    } catch {
      return "";
    }
  }, { timeout: 5000 }).toContain('"written"');
  // No stop: what a killed process leaves.
  expect(createStore({ now: () => 0, persistFile }).get("configmaps", "default", "written")).toBeDefined();
});

test("a damaged snapshot is named, not overwritten", () => {
  const persistFile = join(folder(), "objects.json");
  writeFileSync(persistFile, '{"format":9}');
  expect(() => createStore({ now: () => 0, persistFile })).toThrow(persistFile);
  expect(readFileSync(persistFile, "utf8")).toBe('{"format":9}');
});

test("changes older than five minutes are forgotten, whatever resource is written next", () => {
  let nowMs = 0;
  const store = createStore({ now: () => nowMs });
  const before = Number(store.resourceVersion);
  const pod = store.create("pods", podOf("a"), by);
  nowMs = 290_000;
  store.create("configmaps", configMap("early"), by);
  expect(store.changesSince(resourceByKey("pods"), before)).toHaveLength(1);
  nowMs = 330_000;
  store.create("configmaps", configMap("late"), by);
  expect(() => store.changesSince(resourceByKey("pods"), before)).toThrow("too old resource version");
  expect(store.changesSince(resourceByKey("pods"), Number(pod.metadata.resourceVersion))).toEqual([]);
  expect(store.changesSince(resourceByKey("configmaps"), Number(pod.metadata.resourceVersion))).toHaveLength(2);
});

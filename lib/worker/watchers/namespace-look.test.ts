import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { silentLog } from "#lib/worker/test-parts.ts";
import { createNamespaceLook } from "#lib/worker/watchers/namespace-look.ts";
import type { NamespaceLook } from "#lib/worker/watchers/namespace-look.ts";
import { startKubeServer } from "#sandbox/kube/server.ts";
import type { KubeServer } from "#sandbox/kube/server.ts";
import { createStore } from "#sandbox/kube/store.ts";

let store: ReturnType<typeof createStore>;
let server: KubeServer;
let api: ClusterApi;
let folder: string;
const looks: NamespaceLook[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-namespace-"));
  store = createStore({ now: Date.now });
  const backend = { async *logs() {}, proxy: () => Promise.reject(new Error("no pods here")) };
  server = await startKubeServer({ store, backend, port: 0, dataDir: folder, now: Date.now });
  api = createClusterApi({ name: "sandbox", connection: { server: new URL(server.url), servername: undefined, verifyTls: true, credentials: async () => ({ headers: { authorization: `Bearer ${server.tokenFor("reader")}` }, tls: { ca: server.caPem } }), forget() {} }, log: silentLog });
});
afterEach(async () => {
  for (const look of looks.splice(0)) await look.stop();
  api.close();
  await server.stop();
  store.stop();
  rmSync(folder, { recursive: true });
});

function lookAt(namespace: string, seemsEmpty: () => boolean = () => true): { look: NamespaceLook; told: string[] } {
  const told: string[] = [];
  const look: NamespaceLook = createNamespaceLook({ api, namespace, seemsEmpty, changed: () => told.push(look.presence()), log: silentLog, intervalMs: 20 });
  looks.push(look);
  look.look();
  return { look, told };
}
const createNamespace = (name: string) => store.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } } as unknown as Parameters<typeof store.create>[1], { manager: "test" });

test("an empty namespace is present, one that does not exist is missing, until somebody creates it", async () => {
  createNamespace("empty");
  const empty = lookAt("empty");
  const gone = lookAt("not-there");
  await expect.poll(() => [empty.look.presence(), gone.look.presence()]).toEqual(["present", "missing"]);
  createNamespace("not-there");
  await expect.poll(() => gone.told).toEqual(["missing", "present"]);
});

test("who may not ask, or gets no answer, is told nothing", async () => {
  server.faults.set({ forbid: [{ resource: "namespaces" }] });
  const { look, told } = lookAt("not-there");
  server.faults.set({ forbid: [{ resource: "namespaces" }], errorRate: 1, failStatus: 500 });
  server.faults.clear();
  await expect.poll(() => look.presence()).toBe("missing");
  server.faults.set({ forbid: [{ resource: "namespaces" }] });
  await expect.poll(() => look.presence()).toBe("untold");
  expect(told).toEqual(["missing", "untold"]);
});

test("a namespace in which something is seen is not asked for", async () => {
  const { look } = lookAt("not-there", () => false);
  expect(look.presence()).toBe("untold");
});

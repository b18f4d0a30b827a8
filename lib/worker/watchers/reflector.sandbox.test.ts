import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import type { SourceStatus } from "#lib/domain/status.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import { randomFrom, silent } from "#lib/worker/watchers/reflector-rig.test-support.ts";
import { createReflector, type Reflector } from "#lib/worker/watchers/reflector.ts";
import type { FaultState } from "#sandbox/kube/faults.ts";
import { startKubeServer, type KubeServer } from "#sandbox/kube/server.ts";
import { createStore } from "#sandbox/kube/store.ts";
import type { NodeBackend } from "#sandbox/kube/types.ts";

/** The reflector over TLS against the sandbox's API server and every trouble it can make. */

const nobody: NodeBackend = {
  async *logs() {},
  proxy: () => Promise.reject(new Error("no pods here")),
};

interface Rig {
  server: KubeServer;
  reflector: Reflector;
  change(round: number): void;
  becomes(status: SourceStatus): Promise<SourceState>;
  inStep(): Promise<void>;
}

async function startRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-reflector-"));
  const store = createStore({ now: Date.now });
  const server = await startKubeServer({ store, backend: nobody, port: 0, dataDir: folder, now: Date.now });
  const put = (name: string, data: Record<string, string>) => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
    const changed = store.modify("configmaps", "default", name, { manager: "test" }, (draft) => void (draft["data"] = data));
    // The store fills in the rest of the metadata.
    if (changed === undefined) store.create("configmaps", object as unknown as Parameters<typeof store.create>[1], { manager: "test" });
  };
  for (let index = 0; index < 7; index += 1) put(`map-${index}`, {});

  const api = createClusterApi({
    name: "sandbox",
    connection: { server: new URL(server.url), servername: undefined, verifyTls: true, credentials: async () => ({ headers: { authorization: `Bearer ${server.tokenFor("reader")}` }, tls: { ca: server.caPem } }), forget() {} },
    log: silent,
    requestTimeoutMs: 1_000,
  });
  const pulse = createClusterPulse({ api, log: silent, intervalMs: 100, timeoutMs: 500 });
  const waiting = new Set<() => void>();
  const look = () => waiting.forEach((check) => check());
  const reflector = createReflector({
    api, kind: kinds.configMaps, namespace: "default", key: "sandbox/default/configmaps", environment: "dev", title: "ConfigMaps", required: true,
    log: silent, clock: systemClock, random: randomFrom(3), pulse, onChange: look, onSource: look,
    options: { pageSize: 3, watchSeconds: 1, watchGraceMs: 300, backoffMinMs: 20, backoffMaxMs: 100, unsupportedRetryMs: 100 },
  });
  onTestFinished(async () => {
    await reflector.stop();
    await pulse.stop();
    api.close();
    await server.stop();
    store.stop();
    rmSync(folder, { recursive: true });
  });
  const until = (predicate: () => boolean, what: string) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never ${what}: ${JSON.stringify(reflector.source())}`)), 8_000);
      const check = () => {
        if (!predicate()) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const facts = (objects: Iterable<{ metadata: { uid: string; resourceVersion: string } }>) => JSON.stringify([...objects].map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).toSorted());
  const rig: Rig = {
    server,
    reflector,
    change(round) {
      put("map-1", { round: String(round) });
      put(`new-${round}`, {});
      store.delete("configmaps", "default", `map-${round}`);
    },
    async becomes(status) {
      await until(() => reflector.source().status === status, status);
      return reflector.source();
    },
    inStep: () => until(() => facts(reflector.items().values()) === facts(store.list("configmaps", "default")), "in step"),
  };
  reflector.start();
  await rig.becomes("live");
  await rig.inStep();
  return rig;
}

describe("a reflector of the sandbox", () => {
  it.each<[string, Partial<FaultState>, SourceStatus, RegExp]>([
    ["a server that is down", { down: true }, "down", /cannot be reached: connection refused|was lost: connection reset/],
    ["a resource that is forbidden", { forbid: [{ resource: "configmaps" }] }, "forbidden", /configmaps is forbidden: User "reader"/],
    ["a token that has expired", { expiredTokens: ["reader"] }, "down", /may have expired/],
    ["errors on every request", { errorRate: 1, failStatus: 500 }, "stale", /HTTP 500/],
    ["a server that asks to slow down", { errorRate: 1, failStatus: 429, retryAfterSeconds: 1 }, "stale", /asks to slow down/],
    ["watches that are open but silent", { silentWatches: true }, "stale", /has sent nothing about ConfigMaps/],
    ["answers slower than any patience", { latencyMs: 3_000 }, "stale", /no sign of life|did not answer/],
  ])("ACCEPTANCE 29, %s: says so, keeps what it has, and catches up", async (_title, fault, status, reason) => {
    const rig = await startRig();
    const known = rig.reflector.items().size;
    rig.server.faults.set(fault);
    rig.change(2);
    if (fault.down !== true) rig.server.faults.dropWatches();
    const source = await rig.becomes(status);
    expect(source.reason).toMatch(reason);
    expect(rig.reflector.items().size).toBeGreaterThanOrEqual(known);
    rig.server.faults.clear();
    await rig.becomes("live");
    await rig.inStep();
    rig.change(3);
    await rig.inStep();
  });

  it.each(["event", "status"] as const)("ACCEPTANCE 21: history that is forgotten, told by %s: lists again, page by page, even when a page fails", async (expiredWatch) => {
    const rig = await startRig();
    rig.server.faults.set({ expiredWatch, failListOnPage: 3 });
    rig.change(2);
    await rig.inStep();
    rig.server.faults.set({ silentWatches: true });
    rig.change(3);
    rig.server.faults.expireHistory();
    rig.server.faults.set({ silentWatches: false });
    const source = await rig.becomes("stale");
    expect(source.reason).toMatch(/^The list is incomplete: it broke off on page 3 after 6 objects/);
    rig.server.faults.clear();
    await rig.becomes("live");
    await rig.inStep();
  });

  it("watches that are dropped again and again leave no gap", async () => {
    const rig = await startRig();
    for (let round = 0; round < 6; round += 1) {
      rig.change(round);
      rig.server.faults.dropWatches();
      await rig.inStep();
    }
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { ResourceKind } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import type { ClusterConnection } from "#lib/adapters/kubernetes/connection.ts";
import { kubernetesContract, uniqueName, type ContractTarget } from "#lib/adapters/kubernetes/contract.ts";
import { kubernetesRolloutContract } from "#lib/adapters/kubernetes/contract-rollout.ts";
import { objectPath } from "#lib/adapters/kubernetes/paths.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { startControllers } from "#sandbox/controllers/start.ts";
import { startKubeServer } from "#sandbox/kube/server.ts";
import { createStore } from "#sandbox/kube/store.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";
import { createNodeBackend } from "#sandbox/world/node-backend.ts";
import { seedPlatform } from "#sandbox/world/seed.ts";
import { createWorld } from "#sandbox/world/world.ts";

/** The contract against the sandbox's API server, with its controllers and nodes, as fast as life: API times are whole seconds, and a faster clock blurs minReadySeconds. */

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const namespaces: ResourceKind = { group: "", version: "v1", plural: "namespaces" };

let target: (ContractTarget & { close(): Promise<void> }) | null = null;
const running = () => {
  if (target === null) throw new Error("the target is not up");
  return target;
};
beforeAll(async () => void (target = await startTarget()));
afterAll(() => target?.close());

kubernetesContract("Kubernetes, sandbox", running);
kubernetesRolloutContract("Kubernetes, sandbox", running);

async function startTarget(): Promise<ContractTarget & { close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-contract-"));
  const now = Date.now;
  const catalogue = createCatalogue({ now });
  const store = createStore({ now });
  const clock = createClock({ now, speed: 1 });
  const world = createWorld({ clock });
  seedPlatform(store, catalogue, { now });
  const controllers = startControllers({ store, catalogue, world, clock });
  const server = await startKubeServer({ store, backend: createNodeBackend({ store, world, clock }), port: 0, dataDir: folder, now });

  const connectionOf = (token: string): ClusterConnection => ({
    server: new URL(server.url),
    servername: undefined,
    verifyTls: true,
    credentials: async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca: server.caPem } }),
    forget() {},
  });
  const admin = connectionOf(server.tokenFor("admin"));
  const make = (connection: ClusterConnection) => createClusterApi({ name: "sandbox", connection, log: silent });
  const [api, reader, expired] = [make(admin), make(connectionOf(server.tokenFor("reader"))), make(connectionOf("no-longer-valid"))];
  const transport = createTransport({ cluster: "sandbox", connection: admin, requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 });
  const namespace = uniqueName("vigie-contract");
  await api.create(namespaces, "", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });

  const repository = "ghcr.io/dreamscape-ai/experience-pod";
  return {
    api,
    reader,
    expired,
    namespace,
    images: [`${repository}:v2.2.0`, `${repository}:v2.2.1`],
    breakTemplate: (template) => ({ ...template, spec: { ...template.spec, containers: template.spec.containers.map((container, index) => (index === 0 ? { ...container, image: `${repository}:v2.4.0-broken` } : container)) } }),
    remove: async (kind, name) => void (await transport.succeed({ method: "DELETE", path: objectPath(kind, namespace, name), what: `delete ${name}` })),
    expireHistory: async () => server.faults.expireHistory(),
    async close() {
      for (const one of [api, reader, expired, transport]) one.close();
      await server.stop();
      controllers.stop();
      world.stopAll();
      clock.stop();
      store.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

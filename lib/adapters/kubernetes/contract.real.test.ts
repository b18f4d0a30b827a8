import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { ResourceKind } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import { kubernetesContract, uniqueName, type ContractTarget } from "#lib/adapters/kubernetes/contract.ts";
import { kubernetesRolloutContract } from "#lib/adapters/kubernetes/contract-rollout.ts";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";
import { objectPath } from "#lib/adapters/kubernetes/paths.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";

/**
 * The contract against a real kube-apiserver. VIGIE_REAL_KUBECONFIG: its kubeconfig, with the right to do everything.
 * VIGIE_REAL_ETCD (optional): URL of its etcd, so that history can be made to expire.
 * Its nodes must run any image and take a pod annotation "vigie.dev/fault: broken" as an order to fail.
 */
const kubeconfig = process.env["VIGIE_REAL_KUBECONFIG"];
const etcd = process.env["VIGIE_REAL_ETCD"];
const title = "Kubernetes, real API server";

if (kubeconfig === undefined) {
  describe(`${title} (not run: VIGIE_REAL_KUBECONFIG is not set)`, () => {
    it.skip("the whole contract", () => undefined);
  });
} else {
  let target: (ContractTarget & { close(): Promise<void> }) | null = null;
  const running = () => {
    if (target === null) throw new Error("the target is not up");
    return target;
  };
  beforeAll(async () => void (target = await startTarget(kubeconfig)));
  afterAll(() => target?.close());
  kubernetesContract(title, running, etcd === undefined ? "VIGIE_REAL_ETCD is not set" : null);
  kubernetesRolloutContract(title, running);
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const namespaces: ResourceKind = { group: "", version: "v1", plural: "namespaces" };
const usersSchema = z.looseObject({ users: z.array(z.looseObject({ name: z.string(), user: z.record(z.string(), z.unknown()) })) });

async function startTarget(file: string): Promise<ContractTarget & { close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-contract-"));
  /** The same kubeconfig with other users. */
  const variant = (name: string, change: (user: Record<string, unknown>) => Record<string, unknown>) => {
    const config = usersSchema.parse(parse(readFileSync(file, "utf8")));
    const path = join(folder, name);
    writeFileSync(path, stringify({ ...config, users: config.users.map((entry) => ({ ...entry, user: change(entry.user) })) }), { mode: 0o600 });
    return loadCluster({ kubeconfig: path, allowPlugins: [] }, folder).connection;
  };
  const { connection } = loadCluster({ kubeconfig: file, allowPlugins: [] }, "/");
  const make = (name: string, used: typeof connection) => createClusterApi({ name, connection: used, log: silent });
  const api = make("real", connection);
  const reader = make("real", variant("reader", (user) => ({ ...user, as: "vigie-contract-reader" })));
  const expired = make("real", variant("expired", () => ({ token: "no-longer-valid" })));
  const transport = createTransport({ cluster: "real", connection, requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 });

  const namespace = uniqueName("vigie-contract");
  await api.create(namespaces, "", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const remove = async (kind: ResourceKind, scope: string, name: string) => {
    await transport.succeed({ method: "DELETE", path: objectPath(kind, scope, name), what: `delete ${name}` });
  };

  return {
    api,
    reader,
    expired,
    namespace,
    images: ["ghcr.io/dreamscape-ai/experience-pod:v1.4.0", "ghcr.io/dreamscape-ai/experience-pod:v1.5.0"],
    breakTemplate: (template) => ({ ...template, metadata: { ...template.metadata, annotations: { "vigie.dev/fault": "broken" } } }),
    remove: (kind, name) => remove(kind, namespace, name),
    ...(etcd !== undefined && { expireHistory: () => compact(etcd) }),
    async close() {
      await remove(namespaces, "", namespace);
      for (const one of [api, reader, expired, transport]) one.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** etcd forgets every revision before the present one (etcd v3 API, KV.Compact, over its JSON gateway). */
async function compact(url: string): Promise<void> {
  const ask = async (path: string, body: unknown) => {
    const reply = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!reply.ok) throw new Error(`etcd answered ${reply.status}: ${await reply.text()}`);
    return z.looseObject({ header: z.looseObject({ revision: z.string() }) }).parse(await reply.json());
  };
  const { header } = await ask("/v3/kv/range", { key: "AA==" });
  await ask("/v3/kv/compaction", { revision: header.revision, physical: true });
}

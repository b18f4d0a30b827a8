import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";
import { parseList, parseObject } from "#lib/adapters/kubernetes/replies.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import type { ResourceKind } from "#lib/ports/cluster.ts";
import type { GateUpstream } from "#lib/worker/watchers/fault-run-gate.test-support.ts";
import { startKubeServer } from "#sandbox/kube/server.ts";
import { createStore } from "#sandbox/kube/store.ts";
import type { NodeBackend } from "#sandbox/kube/types.ts";

/** What fault runs are made against: a namespace of its own for each run, changed from behind the gate. */

export const faultRunLabel = "vigie.dev/fault-run";

export interface Written {
  uid: string;
  resourceVersion: string;
}

export interface FaultWorld {
  namespace: string;
  upstream: GateUpstream;
  /** Creates or changes. */
  put(kind: ResourceKind, name: string, value: number): Promise<Written>;
  remove(kind: ResourceKind, name: string): Promise<void>;
  /** A fresh list, straight from the server: "uid version" of each, sorted. */
  list(kind: ResourceKind): Promise<string[]>;
  /** Every version but the present one is forgotten; null where that cannot be done. */
  forgetHistory: (() => void) | null;
  /** Ends the server, waits, starts it anew with its history gone. Null where it cannot be restarted. */
  restart: ((downMs: number) => Promise<void>) | null;
  /** As restart, with everything as it was when `backup` was called last: resource versions go back. */
  backup: () => void;
  putBack: ((downMs: number) => Promise<void>) | null;
  close(): Promise<void>;
}

export interface FaultCluster {
  title: string;
  /** A kind of an API group, for the fault in which the group is not served. */
  grouped: ResourceKind;
  open(run: number): Promise<FaultWorld>;
  close(): Promise<void>;
}

const nobody: NodeBackend = {
  async *logs() {},
  proxy: () => Promise.reject(new Error("no pods here")),
};
/** What the store adds to a saved version when it starts. */
const versionGap = 10_000;
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, milliseconds));
const keyOf = (kind: ResourceKind): string => (kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`);

function bodyOf(kind: ResourceKind, namespace: string, name: string, value: number): Record<string, unknown> {
  const metadata = { name, namespace, labels: { [faultRunLabel]: "yes" }, annotations: { value: String(value) } };
  switch (kind.plural) {
    case "deployments":
      return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "app", image: "example.org/app:1" }] } } } };
    case "controllerrevisions":
      return { apiVersion: "apps/v1", kind: "ControllerRevision", metadata, revision: 1, data: {} };
    default:
      return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value: String(value) } };
  }
}

/** An API server of the sandbox for each run; the certificates and tokens are made once. */
export function sandboxFaultCluster(): FaultCluster {
  const folder = mkdtempSync(join(tmpdir(), "vigie-faults-"));
  const grouped: ResourceKind = { group: "apps", version: "v1", plural: "deployments" };

  const dataDir = join(folder, "kube");
  let prepared: Promise<void> | null = null;

  async function prepare(): Promise<void> {
    const store = createStore({ now: Date.now });
    await (await startKubeServer({ store, backend: nobody, port: 0, dataDir, now: Date.now })).stop();
    await store.stop();
  }

  async function open(run: number): Promise<FaultWorld> {
    const namespace = "default";
    // Once and before all: runs that begin together would each make certificates of their own.
    await (prepared ??= prepare());
    const own = join(folder, `run-${run}-${randomBytes(3).toString("hex")}`);
    mkdirSync(own);
    let store = createStore({ now: Date.now });
    let server = await startKubeServer({ store, backend: nobody, port: 0, dataDir, now: Date.now });
    const port = Number(new URL(server.url).port);
    const kinds = ["configmaps", keyOf(grouped)];
    let saved = "";
    let restarts = 0;

    async function again(downMs: number, change: () => Promise<void>): Promise<void> {
      await server.stop();
      await change();
      await wait(downMs);
      server = await startKubeServer({ store, backend: nobody, port, dataDir, now: Date.now });
    }
    return {
      namespace,
      upstream: { url: server.url, headers: { authorization: `Bearer ${server.tokenFor("reader")}` }, tls: { ca: server.caPem } },
      async put(kind, name, value) {
        const body = bodyOf(kind, namespace, name, value);
        const by = { manager: "fault-run" };
        // The store fills in the rest of the metadata.
        const object = store.modify(keyOf(kind), namespace, name, by, (draft) => void (draft.metadata.annotations = { value: String(value) })) ?? store.create(keyOf(kind), body as unknown as Parameters<typeof store.create>[1], by);
        return { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion };
      },
      async remove(kind, name) {
        store.delete(keyOf(kind), namespace, name, { propagationPolicy: "Background" });
      },
      list: async (kind) => store.list(keyOf(kind), namespace).filter((one) => one.metadata.labels?.[faultRunLabel] === "yes").map((one) => `${one.metadata.uid} ${one.metadata.resourceVersion}`).toSorted(),
      forgetHistory: () => store.expireHistory(),
      restart: (downMs) => again(downMs, async () => store.expireHistory()),
      backup() {
        const objects = ["namespaces", ...kinds].flatMap((key) => store.list(key).map((object) => ({ resource: key, object })));
        saved = JSON.stringify({ format: 1, resourceVersion: Number(store.resourceVersion) - versionGap, objects });
      },
      putBack: (downMs) =>
        again(downMs, async () => {
          await store.stop();
          restarts += 1;
          const file = join(own, `objects-${restarts}.json`);
          writeFileSync(file, saved);
          store = createStore({ now: Date.now, persistFile: file });
        }),
      async close() {
        await server.stop();
        await store.stop();
        rmSync(own, { recursive: true, force: true });
      },
    };
  }
  return { title: "sandbox", grouped, open, close: async () => rmSync(folder, { recursive: true, force: true }) };
}

/** A real API server. It cannot be restarted or put back from here; restarts are told by the gate alone. */
export function realFaultCluster(kubeconfig: string): FaultCluster {
  const { connection } = loadCluster({ kubeconfig, allowPlugins: [] }, dirname(kubeconfig));
  const transport = createTransport({ cluster: "real", connection, requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 });
  // Nothing acts on these, as controllers would on Deployments.
  const grouped: ResourceKind = { group: "apps", version: "v1", plural: "controllerrevisions" };
  const send = async (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<unknown> => {
    const reply = await transport.succeed({ method, path, what: `${method} ${path}`, ...(body !== undefined && { body: JSON.stringify(body), contentType: method === "PATCH" ? "application/merge-patch+json" : "application/json" }) });
    return JSON.parse(reply.body);
  };
  return {
    title: "real API server",
    grouped,
    async open(run) {
      const namespace = `vigie-faults-${run}-${randomBytes(3).toString("hex")}`;
      await send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      const { headers, tls } = await connection.credentials();
      const path = (kind: ResourceKind): string => `${kind.group === "" ? "/api" : `/apis/${kind.group}`}/${kind.version}/namespaces/${namespace}/${kind.plural}`;
      const names = new Set<string>();
      return {
        namespace,
        upstream: { url: connection.server.href.replace(/\/$/, ""), headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])), tls },
        async put(kind, name, value) {
          const id = `${kind.plural}/${name}`;
          const reply = names.has(id)
            ? await send("PATCH", `${path(kind)}/${name}`, { metadata: { annotations: { value: String(value) } } })
            : await send("POST", path(kind), bodyOf(kind, namespace, name, value));
          names.add(id);
          const { uid, resourceVersion } = parseObject(reply).metadata;
          return { uid, resourceVersion };
        },
        async remove(kind, name) {
          names.delete(`${kind.plural}/${name}`);
          await send("DELETE", `${path(kind)}/${name}`);
        },
        list: async (kind) => parseList(await send("GET", `${path(kind)}?labelSelector=${encodeURIComponent(`${faultRunLabel}=yes`)}`)).items.map((one) => `${one.metadata.uid} ${one.metadata.resourceVersion}`).toSorted(),
        forgetHistory: null,
        restart: null,
        backup: () => undefined,
        putBack: null,
        close: async () => void (await send("DELETE", `/api/v1/namespaces/${namespace}`)),
      };
    },
    close: async () => transport.close(),
  };
}

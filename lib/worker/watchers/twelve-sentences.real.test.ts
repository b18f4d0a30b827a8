import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import { configSchema } from "#lib/contracts/config.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { silentLog } from "#lib/worker/test-parts.ts";
import { createEnvironmentViews } from "#lib/worker/watchers/environment-view.ts";
import { createStartWatching } from "#lib/worker/watchers/start-watching.ts";

/**
 * The sentences against a real API server: what its scheduler, quota and controllers decide is theirs; what a kubelet would write, the test writes through
 * the status subresource, for pods on a node of its own that no kubelet looks after. VIGIE_REAL_KUBECONFIG: a kubeconfig that may do everything.
 */
const kubeconfig = process.env["VIGIE_REAL_KUBECONFIG"];
const image = "registry.example/app:v1";

interface Case {
  id: string;
  name: string;
  kind: string;
  sentence: RegExp | string;
  /** Fields of the container's status, and of an event on the pod. */
  container?: Record<string, unknown>;
  event?: { reason: string; message: string };
  /** Changes of the Deployment's spec and of its container. */
  spec?: Record<string, unknown>;
  template?: Record<string, unknown>;
  app?: Record<string, unknown>;
  quota?: boolean;
}

const seconds = (ago: number): string => `${new Date(Date.now() - ago * 1000).toISOString().slice(0, 19)}Z`;
const waiting = (reason: string, message: string): Record<string, unknown> => ({ ready: false, state: { waiting: { reason, message } } });
const looping = (terminated: Record<string, unknown>, restarts = 2): Record<string, unknown> => ({ ready: false, restartCount: restarts, state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } }, lastState: { terminated: { startedAt: seconds(20), finishedAt: seconds(10), ...terminated } } });

const cases: Case[] = [
  { id: "crash", name: "crash loop", kind: "crash", container: looping({ exitCode: 1, reason: "Error", message: "listening\nError: no database\n" }), sentence: "app in <pod> keeps exiting with code 1: Error: no database" },
  { id: "memory", name: "out of memory", kind: "out-of-memory", container: looping({ exitCode: 137, reason: "OOMKilled" }), sentence: "app in <pod> keeps exiting with code 137: out of memory, limit 64Mi" },
  { id: "pull", name: "an image that cannot be pulled", kind: "pull", container: waiting("ErrImagePull", 'rpc error: code = NotFound desc = failed to pull and unpack image "registry.example/app:v1": not found'), sentence: `app in <pod> cannot be pulled: ${image} — not found` },
  { id: "probe", name: "a readiness probe that fails", kind: "probe", app: { readinessProbe: { httpGet: { path: "/", port: 80 } } }, container: { ready: false, started: true, state: { running: { startedAt: seconds(60) } } }, event: { reason: "Unhealthy", message: "Readiness probe failed: HTTP probe failed with statuscode: 503" }, sentence: "<pod> of probe is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503" },
  { id: "liveness", name: "a liveness probe that fails", kind: "probe", container: looping({ exitCode: 137, reason: "Error" }), event: { reason: "Killing", message: "Container app failed liveness probe, will be restarted" }, sentence: "app in <pod> keeps being restarted: its liveness probe failed" },
  { id: "key", name: "a key that is missing", kind: "create", container: waiting("CreateContainerConfigError", "couldn't find key A in ConfigMap x/app-config"), sentence: "app in <pod> cannot be started: couldn't find key A in ConfigMap x/app-config" },
  { id: "arch", name: "another architecture", kind: "architecture", container: looping({ exitCode: 1, reason: "Error", message: "exec /app: exec format error" }, 1), sentence: `app in <pod> cannot run on arm64: exec format error, ${image} is built for another architecture` },
  { id: "room", name: "no node has room", kind: "unschedulable", template: { nodeName: undefined, nodeSelector: { "vigie.dev/nowhere": "true" } }, sentence: /^room waits for a node: 0\/\d+ nodes are available: / },
  { id: "stuck", name: "a rollout that is stuck", kind: "deadline", spec: { progressDeadlineSeconds: 3 }, sentence: "the rollout of v1 did not finish within 3 s: 0 of 1 new pods ready" },
  { id: "quota", name: "a quota that is full", kind: "quota", quota: true, sentence: /^quota cannot get its pods: exceeded quota: none, requested: pods=1, used: pods=\d+, limited: pods=0$/ },
];

if (kubeconfig === undefined) {
  describe("Twelve sentences, real API server (not run: VIGIE_REAL_KUBECONFIG is not set)", () => {
    it.skip("each fault its sentence", () => undefined);
  });
} else {
  const mark = randomBytes(3).toString("hex");
  const namespace = `sentences-${mark}`;
  const node = `sentences-${mark}`;
  const { connection } = loadCluster({ kubeconfig, allowPlugins: [] }, "/");
  const api = createClusterApi({ name: "real", connection, log: silentLog });
  const transport = createTransport({ cluster: "real", connection, requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 });
  const config = configSchema.parse({
    platform: { name: "Real" },
    environments: [{ name: "prod", cluster: { inCluster: true }, namespace }],
    bigPods: cases.map(({ id }) => ({ name: id, workload: { name: id }, services: [{ name: "app", container: "app" }] })),
    access: { providers: [{ kind: "github", id: "github", title: "GitHub", clientId: "x", clientSecret: "env:X" }], roles: [{ role: "viewer", users: ["a@example.org"] }] },
  });
  const watching = createStartWatching({ config, apiOf: () => api, clock: systemClock, random: Math.random, log: silentLog });
  const views = createEnvironmentViews({ config, startWatching: watching.start, clock: systemClock, log: silentLog });
  const send = async (method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<void> => {
    await transport.succeed({ method, path, what: `${method} ${path}`, ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: method === "PATCH" ? "application/merge-patch+json" : "application/json" }) });
  };

  beforeAll(async () => {
    await send("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    await send("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: node, labels: { "kubernetes.io/arch": "arm64" } }, spec: { taints: [{ key: "vigie.dev/test", value: mark, effect: "NoSchedule" }] } });
    await send("PATCH", `/api/v1/nodes/${node}/status`, { status: { nodeInfo: { architecture: "arm64", machineID: "", systemUUID: "", bootID: "", kernelVersion: "", osImage: "", containerRuntimeVersion: "", kubeletVersion: "v1.20.2", kubeProxyVersion: "", operatingSystem: "linux" }, conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "", lastHeartbeatTime: seconds(0), lastTransitionTime: seconds(0) }] } });
  });
  afterAll(async () => {
    await views.closeAll();
    await watching.close();
    await send("DELETE", `/api/v1/namespaces/${namespace}`);
    await send("DELETE", `/api/v1/nodes/${node}`);
    transport.close();
    api.close();
  });

  async function podOf(id: string): Promise<{ name: string; uid: string }> {
    for (;;) {
      const { items } = await api.list(kinds.pods, { namespace, labelSelector: `app=${id}` });
      if (items[0] !== undefined) return items[0].metadata;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  describe("Twelve sentences, real API server", () => {
    it.each(cases)("$name", async ({ id, kind, sentence, container, event, spec, template, app, quota }) => {
      const view = views.observe("prod");
      try {
        if (quota === true) await send("POST", `/api/v1/namespaces/${namespace}/resourcequotas`, { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "none" }, spec: { hard: { pods: "0" } } });
        await send("POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, {
          apiVersion: "apps/v1", kind: "Deployment", metadata: { name: id },
          spec: { replicas: 1, selector: { matchLabels: { app: id } }, ...spec, template: { metadata: { labels: { app: id } }, spec: { nodeName: node, tolerations: [{ operator: "Exists" }], terminationGracePeriodSeconds: 0, ...template, containers: [{ name: "app", image, resources: { limits: { memory: "64Mi" } }, ...app }] } } },
        });
        if (container !== undefined) {
          const pod = await podOf(id);
          if (event !== undefined) await send("POST", `/api/v1/namespaces/${namespace}/events`, { apiVersion: "v1", kind: "Event", metadata: { name: `${pod.name}.1`, namespace }, involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name: pod.name, uid: pod.uid }, type: event.reason === "Killing" ? "Normal" : "Warning", reason: event.reason, message: event.message, firstTimestamp: seconds(1), lastTimestamp: seconds(1), count: 1, source: { component: "kubelet", host: node } });
          await send("PATCH", `/api/v1/namespaces/${namespace}/pods/${pod.name}/status`, { status: { phase: "Running", startTime: seconds(60), conditions: [{ type: "PodScheduled", status: "True" }, { type: "Ready", status: "False", reason: "ContainersNotReady" }], containerStatuses: [{ name: "app", image, imageID: "", restartCount: 0, lastState: {}, ...container }] } });
        }
        const plain = (state: BigPodState | undefined): string => (state?.cause ?? "").replaceAll(new RegExp(`\\b${id}-[a-z0-9]{8,10}-[a-z0-9]{5}\\b`, "g"), "<pod>");
        await expect.poll(() => `${view.state(id)?.status} ${view.state(id)?.causeKind}`, { timeout: 60_000, interval: 50 }).toBe(`broken ${kind}`);
        await expect.poll(() => plain(view.state(id)), { timeout: 60_000, interval: 50 }).toEqual(typeof sentence === "string" ? sentence : expect.stringMatching(sentence));
        expect(view.state(id)).toMatchObject({ remedy: expect.stringMatching(/\.$/) as string });
      } finally {
        await send("DELETE", `/apis/apps/v1/namespaces/${namespace}/deployments/${id}`).catch(() => undefined);
        view.close();
      }
    }, 60_000);
  });
}

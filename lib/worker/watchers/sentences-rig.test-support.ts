import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createClusters } from "#lib/adapters/kubernetes/clusters.ts";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import type { Config } from "#lib/contracts/config.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { loadConfig } from "#lib/runtime/config.ts";
import { silentLog } from "#lib/worker/test-parts.ts";
import { createEnvironmentViews } from "#lib/worker/watchers/environment-view.ts";
import type { ObservedView, Views } from "#lib/worker/watchers/environment-view.ts";
import { createStartWatching } from "#lib/worker/watchers/start-watching.ts";
import { startSandbox } from "#sandbox/start.ts";

/** A sandbox, seen through the worker's own watchers and fold, and hands to break it with. */
export interface SentencesRig {
  config: Config;
  view: ObservedView;
  views: Views;
  api: ClusterApi;
  environment: string;
  namespace: string;
  state(bigPod: string): BigPodState | undefined;
  /** Waits until a state of the Big Pod is as wanted. */
  until(what: string, bigPod: string, predicate: (state: BigPodState) => boolean, timeoutMs?: number): Promise<BigPodState>;
  /** One thing at the sandbox's console. */
  console(path: string, body: unknown): Promise<void>;
  /** One write to the API as an administrator. */
  admin(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<void>;
  /** JSON merge patch of the first container of a Big Pod's template, and of its spec. */
  patchContainer(bigPod: string, container: Record<string, unknown>): Promise<void>;
  /** Until the Big Pod is as the cluster has it now, well, and no pod is on its way out. */
  settled(bigPod: string): Promise<void>;
  stop(): Promise<void>;
}

export async function openSentencesRig(options: { speed: number; environment?: string; change?: (config: Config) => void; metricsOf?: (environment: string) => MetricsApi | null; wrap?: (api: ClusterApi) => ClusterApi }): Promise<SentencesRig> {
  const home = mkdtempSync(join(tmpdir(), "vigie-sentences-"));
  const sandbox = await startSandbox({ home, portalUrl: "http://127.0.0.1:3999", speed: options.speed });
  const { config } = loadConfig(sandbox.configFile);
  options.change?.(config);
  const environment = options.environment ?? "prod";
  const namespace = `dreamscape-${environment}`;
  const clusters = createClusters(config, dirname(sandbox.configFile), silentLog);
  const wrapped = new Map(clusters.all().map((api) => [api, options.wrap?.(api) ?? api]));
  const apiOf = (name: string): ClusterApi => wrapped.get(clusters.forEnvironment(name)) ?? clusters.forEnvironment(name);
  const watching = createStartWatching({ config, apiOf, ...(options.metricsOf === undefined ? {} : { metricsOf: options.metricsOf }), clock: systemClock, random: Math.random, log: silentLog });
  const views = createEnvironmentViews({ config, startWatching: watching.start, clock: systemClock, log: silentLog });
  const view = views.observe(environment);
  const { connection } = loadCluster({ kubeconfig: sandbox.kubeconfig, allowPlugins: [] }, "/");
  const transport = createTransport({ cluster: "sandbox", connection, requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 });

  const rig: SentencesRig = {
    config, view, views, environment, namespace,
    api: clusters.forEnvironment(environment),
    state: (bigPod) => view.state(bigPod),
    until(what, bigPod, predicate, timeoutMs = 90_000) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const state = view.state(bigPod);
          if (state === undefined || !predicate(state)) return;
          done();
          resolve(state);
        };
        const timer = setTimeout(() => {
          done();
          const { status, cause, evidence, services } = view.state(bigPod) ?? {};
          reject(new Error(`Waited in vain until ${what}: ${JSON.stringify({ status, cause, evidence, services }, null, 1)}`));
        }, timeoutMs);
        const off = view.onChange(look);
        function done(): void {
          clearTimeout(timer);
          off();
        }
        look();
      });
    },
    async console(path, body) {
      const response = await fetch(`${sandbox.addresses.console}/api/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`The console answered ${response.status}: ${await response.text()}`);
    },
    async admin(method, path, body) {
      const contentType = method === "PATCH" ? (Array.isArray(body) ? "application/json-patch+json" : "application/merge-patch+json") : "application/json";
      await transport.succeed({ method, path, what: `${method} ${path}`, ...(body === undefined ? {} : { body: JSON.stringify(body), contentType }) });
    },
    async patchContainer(bigPod, container) {
      await rig.admin("PATCH", `/apis/apps/v1/namespaces/${namespace}/deployments/${bigPod}`, Object.entries(container).map(([field, value]) => ({ op: value === null ? "remove" : "add", path: `/spec/template/spec/containers/0/${field}`, ...(value === null ? {} : { value }) })));
    },
    async settled(bigPod) {
      const name = config.bigPods.find((candidate) => candidate.name === bigPod)?.workload.name ?? bigPod;
      const { metadata } = await clusters.forEnvironment(environment).get(kinds.deployments, namespace, name);
      await rig.until(`${bigPod} is well again`, bigPod, (state) => (state.status === "healthy" || state.causeKind === "restart") && (state.workload?.generation ?? 0) >= (metadata.generation ?? 0) && state.pods.every((pod) => !pod.terminating));
    },
    async stop() {
      view.close();
      await views.closeAll();
      await watching.close();
      clusters.close();
      transport.close();
      await sandbox.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
  for (const { name } of config.bigPods) await rig.until(`${name} is healthy`, name, (state) => state.status === "healthy");
  return rig;
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { createClusters } from "#lib/adapters/kubernetes/clusters.ts";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";
import { createTransport } from "#lib/adapters/kubernetes/transport.ts";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { Operation, Plan, PlanRequest } from "#lib/contracts/operation.ts";
import { streamChannel } from "#lib/db/channels.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { readEnvironmentFacts } from "#lib/db/repositories/plan.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { targetVisible } from "#lib/domain/gate.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { loadConfig } from "#lib/runtime/config.ts";
import { createLog } from "#lib/runtime/log.ts";
import { createAlertmanagerByEnvironment } from "#lib/adapters/alertmanager/by-environment.ts";
import { createPrometheusByEnvironment } from "#lib/adapters/prometheus/by-environment.ts";
import { createOutside } from "#lib/runtime/outside.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { readOperation } from "#lib/services/operation/read.ts";
import { createPlan } from "#lib/services/plan/create.ts";
import { templateImages } from "#lib/domain/template-diff.ts";
import { startOperations } from "#lib/worker/operations/start.ts";
import { startWorker } from "#lib/worker/run.ts";
import type { RunningWorker } from "#lib/worker/run.ts";
import { startSandbox } from "#sandbox/start.ts";

/** Refused, and every gate that does not pass says only that it cannot know now. */
function nobodySees(error: unknown): boolean {
  const gates = isVigieError(error) && Array.isArray(error.detail?.["gates"]) ? (error.detail["gates"] as Plan["gates"]) : []; // as the request service refuses
  return gates.length > 0 && gates.every(({ verdict }) => verdict === "error" || verdict === "inconclusive");
}

/** How long a stage waits for what must come: the limit of a starved machine, never of Vigie. */
const patienceMs = 90_000;

export const releaser: Actor = { kind: "person", id: "rafael", name: "Rafael", grants: [{ role: "admin", environments: "*" }] };

/** A whole portal without its web process, over a sandbox of its own, for tests of the executor. */
export interface Stage {
  context: ServiceContext;
  database: TestDatabase;
  configFile: string;
  apiOf: (environment: string) => ClusterApi;
  startWorker(holder: string, options?: { operations?: boolean; apiOf?: (environment: string) => ClusterApi }): Promise<RunningWorker>;
  stopWorkers(): Promise<void>;
  /** Does one thing at the sandbox's console: `POST /api/<path>`. */
  console(path: string, body: unknown): Promise<void>;
  admin: World["admin"];
  /** Waits until `look` gives something other than undefined; looks again whenever the database says that something moved. */
  until<T>(what: string, look: () => Promise<T | undefined>, timeoutMs?: number): Promise<T>;
  /**
   * Until every Big Pod of the environment can be seen (its sources are live again after a trouble) and is healthy as the cluster has it now
   * (the observer may be another worker, and behind), and its release is recorded as settled: what a plan asks for.
   */
  settled(environment: string, timeoutMs?: number): Promise<void>;
  plan(request: PlanRequest): Promise<Plan>;
  confirm(plan: Plan, actor?: Actor): Promise<string>;
  /** Asks again while it is refused only because nobody can see the cluster right now: on a starved machine an observer may be late by seconds. */
  onceSeen<T>(ask: () => Promise<T>): Promise<T>;
  ended(id: string, timeoutMs?: number): Promise<Operation>;
  /** Image references of an environment's templates in the cluster, by Big Pod and container. */
  images(environment: string): Promise<Record<string, Record<string, string>>>;
  stop(): Promise<void>;
}

/** What a stage stands on: a sandbox, or a real cluster (test-real-world.ts). */
export interface World {
  configFile: string;
  console(path: string, body: unknown): Promise<void>;
  /** One write as the cluster's administrator, whom nothing is forbidden: what people do with kubectl. */
  admin(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<void>;
  stop(): Promise<void>;
}

async function sandboxWorld(speed: number, blueGreen: readonly string[]): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), "vigie-operations-"));
  const sandbox = await startSandbox({ home, portalUrl: "http://127.0.0.1:3999", speed, blueGreen });
  const { connection } = loadCluster({ kubeconfig: sandbox.kubeconfig, allowPlugins: [] }, home);
  const transport = createTransport({ cluster: "sandbox", connection, requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 });
  return {
    configFile: sandbox.configFile,
    async console(path, body) {
      const response = await fetch(`${sandbox.addresses.console}/api/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`The console answered ${response.status}: ${await response.text()}`);
    },
    admin: async (method, path, body) => void (await transport.succeed({ method, path, what: `${method} ${path}`, ...(body === undefined ? {} : { body: JSON.stringify(body), contentType: method === "PATCH" ? "application/merge-patch+json" : "application/json" }) })),
    async stop() {
      transport.close();
      await sandbox.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export async function openStage(options: { speed?: number; world?: World; blueGreen?: readonly string[]; /** One that is not shared, for tests that restart its server; it is dropped with the stage. */ database?: TestDatabase } = {}): Promise<Stage> {
  const world = options.world ?? (await sandboxWorld(options.speed ?? 10, options.blueGreen ?? []));
  const database = options.database ?? (await createTestDatabase());
  const { config } = loadConfig(world.configFile);
  // Who asks here is made, not signed in.
  config.access.recentSignInMinutes = 0;
  // Whoever asks must still hold the role when the executor writes.
  await database.db.userRow.create({ data: { id: releaser.id, name: releaser.name, groups: config.access.roles.filter((binding) => binding.role === "admin").flatMap((binding) => binding.groups) } });
  const log = createLog("worker");
  const clusters = createClusters(config, dirname(world.configFile), log);
  const context: ServiceContext = { db: database.db, config, clock: systemClock, log, registry: createRegistry({ registries: config.registries, resolveSecret: () => "", log }), outside: createOutside({ config, clusterOf: async (environment) => clusters.forEnvironment(environment), metricsOf: createPrometheusByEnvironment(config, () => ""), alertsOf: createAlertmanagerByEnvironment(config, () => "") }) };
  const listener = new pg.Client({ connectionString: database.url });
  // A server that is restarted ends it; then `until` looks twice a second.
  listener.on("error", () => undefined);
  await listener.connect();
  await listener.query(`LISTEN ${streamChannel}`);
  const workers: RunningWorker[] = [];
  const apiOf = (environment: string): ClusterApi => clusters.forEnvironment(environment);

  async function until<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = patienceMs): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const moved = new Promise<void>((resolve) => {
        const timer = setTimeout(done, 500);
        function done(): void {
          clearTimeout(timer);
          listener.off("notification", done);
          resolve();
        }
        listener.on("notification", done);
      });
      // A database that has no connection to spare for a moment is no answer: it is asked again.
      let trouble: unknown;
      const found = await look().catch((error: unknown) => {
        trouble = error;
        return undefined;
      });
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`, { cause: trouble });
      await moved;
    }
  }

  async function onceSeen<T>(ask: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!nobodySees(error) || performance.now() > deadline) throw error;
        await pause(500);
      }
    }
  }

  /** Why no plan can be made for an environment yet; empty when one can. */
  async function whatIsMissing(environment: string): Promise<string> {
    const states = await database.db.bigPodStateRow.findMany({ where: { environment } });
    const unwell = states.filter((state) => state.status !== "healthy");
    if (states.length !== config.bigPods.length || unwell.length > 0) return `${states.length} states; ${unwell.map(({ bigPod, status, state }) => `${bigPod} is ${status}: ${(state as unknown as BigPodState).cause ?? "no cause"}`).join("; ")}`;
    const release = await database.db.environmentRelease.findUnique({ where: { environment } });
    if (release?.settled !== true) return `its release is not recorded as settled: ${JSON.stringify(release)}`;
    const namespace = config.environments.find((candidate) => candidate.name === environment)?.namespace ?? "";
    for (const { bigPod, state } of states) {
      const { workload, colour } = state as unknown as BigPodState; // written by the observer
      const configured = config.bigPods.find((candidate) => candidate.name === bigPod)?.workload.name ?? "";
      const { generation } = (await apiOf(environment).get(kinds.deployments, namespace, workload?.name ?? configured)).metadata;
      if (workload?.generation !== generation) return `the observer is behind: ${bigPod} is at generation ${generation}, seen is ${workload?.generation ?? "none"}`;
      if (colour == null) continue;
      const idle = (await apiOf(environment).get(kinds.deployments, namespace, colour.standby.workload)).metadata.generation;
      if (colour.parts?.idle.generation !== idle) return `the observer is behind: the standby of ${bigPod} is at generation ${idle}, seen is ${colour.parts?.idle.generation ?? "none"}`;
    }
    const visible = targetVisible(await readEnvironmentFacts(database.db, environment, config.bigPods.map((bigPod) => bigPod.name)), config.bigPods.map((bigPod) => bigPod.name));
    return visible.verdict === "pass" ? "" : visible.evidence;
  }

  return {
    context, database, apiOf, until, configFile: world.configFile, console: world.console, admin: world.admin,
    async startWorker(holder, { operations = true, apiOf: api = apiOf } = {}) {
      const worker = await startWorker({ context, databaseUrl: database.url, apiOf: api, holder, random: Math.random, ...(operations ? { startOperations } : {}) });
      workers.push(worker);
      return worker;
    },
    async stopWorkers() {
      for (const worker of workers.splice(0)) await worker.stop();
    },
    async settled(environment, timeoutMs) {
      let missing = "";
      await until(`${environment} is healthy and settled`, async () => {
        missing = await whatIsMissing(environment);
        return missing === "" ? true : undefined;
      }, timeoutMs).catch((error: Error) => {
        throw new Error(`${error.message}: ${missing}`, { cause: error.cause });
      });
    },
    plan: (request) => createPlan(context, releaser, request),
    onceSeen,
    async confirm(plan, actor = releaser) {
      const { id } = await onceSeen(() => requestOperation(context, actor, { planHash: plan.hash, reason: "a test of the executor" }, crypto.randomUUID()));
      return id;
    },
    ended: (id, timeoutMs) =>
      until(`operation ${id} ended`, async () => {
        const operation = await readOperation(context, releaser, id);
        return terminalOperationStatuses.includes(operation.status) ? operation : undefined;
      }, timeoutMs),
    async images(environment) {
      const namespace = config.environments.find((candidate) => candidate.name === environment)?.namespace ?? "";
      const entries = config.bigPods.map(async (bigPod) => {
        const row = await database.db.bigPodStateRow.findUnique({ where: { environment_bigPod: { environment, bigPod: bigPod.name } } });
        const serving = (row?.state as BigPodState | undefined)?.workload?.name; // written by the observer
        const object = await apiOf(environment).get(kinds.deployments, namespace, serving ?? bigPod.workload.name);
        const { template } = object.spec as { template: Record<string, unknown> };
        return [bigPod.name, templateImages(template)] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    },
    async stop() {
      for (const worker of workers) await worker.stop();
      await listener.end().catch(() => undefined);
      clusters.close();
      await world.stop();
      await database.drop();
    },
  };
}

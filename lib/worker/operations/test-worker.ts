/**
 * A worker in a process of its own, for tests that kill or freeze it. FAULT says what happens at its n-th write to the cluster:
 * "kill-before:n", "kill-after:n" (the write has arrived, its outcome is not recorded), "freeze-before:n" (SIGSTOP until the test continues it).
 * "kill-get:n" and "kill-log:n": at its n-th reading of one NetworkPolicy, or of a log.
 */
import { dirname } from "node:path";
import { createClusters } from "#lib/adapters/kubernetes/clusters.ts";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import { maximumLogLines } from "#lib/domain/evidence.ts";
import { createDatabase } from "#lib/db/client.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { loadConfig } from "#lib/runtime/config.ts";
import { createLog } from "#lib/runtime/log.ts";
import { createPrometheusByEnvironment } from "#lib/adapters/prometheus/by-environment.ts";
import { createOutside } from "#lib/runtime/outside.ts";
import { startOperations } from "#lib/worker/operations/start.ts";
import { startWorker } from "#lib/worker/run.ts";

const { DATABASE_URL: databaseUrl = "", VIGIE_CONFIG: configFile = "", HOLDER: holder = "", FAULT: fault = "" } = process.env;
const [what = "", at = ""] = fault.split(":");
const { config } = loadConfig(configFile);
const log = createLog("worker");
const clusters = createClusters(config, dirname(configFile), log);
let writes = 0;
const reads = { "kill-get": 0, "kill-log": 0 };

function atRead(fault: keyof typeof reads): void {
  reads[fault] += 1;
  if (what === fault && String(reads[fault]) === at) process.kill(process.pid, "SIGKILL");
}

async function withFault<T>(write: () => Promise<T>): Promise<T> {
  writes += 1;
  const now = String(writes) === at;
  if (now && what === "kill-before") process.kill(process.pid, "SIGKILL");
  if (now && what === "freeze-before") process.kill(process.pid, "SIGSTOP");
  const result = await write();
  if (now && what === "kill-after") process.kill(process.pid, "SIGKILL");
  return result;
}

function faulty(api: ClusterApi): ClusterApi {
  return new Proxy(api, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (name === "get" || name === "podLog") {
        return (...parameters: unknown[]) => {
          // Watchers read last lines, too: evidence asks for many.
          if (name === "podLog" && (parameters[2] as { tailLines?: number }).tailLines === maximumLogLines) atRead("kill-log");
          if (name === "get" && parameters[0] === kinds.networkPolicies) atRead("kill-get");
          return Reflect.apply(member as (...given: unknown[]) => unknown, target, parameters); // both are methods of the port
        };
      }
      if (typeof member !== "function" || (name !== "patch" && name !== "replace" && name !== "create" && name !== "remove")) return member;
      return (...parameters: unknown[]) => withFault(() => Reflect.apply(member, target, parameters) as Promise<unknown>);
    },
  });
}

const db = createDatabase(databaseUrl);
const context = { db, config, clock: systemClock, log, registry: createRegistry({ registries: config.registries, resolveSecret: () => "", log }), outside: createOutside({ config, clusterOf: async (environment) => clusters.forEnvironment(environment), metricsOf: createPrometheusByEnvironment(config, () => "") }) };
const worker = await startWorker({ context, databaseUrl, apiOf: (environment) => faulty(clusters.forEnvironment(environment)), holder, random: Math.random, startOperations });
process.stdout.write("ready\n");
process.once("SIGTERM", () => {
  void worker.stop().then(async () => {
    clusters.close();
    await db.$disconnect();
  });
});

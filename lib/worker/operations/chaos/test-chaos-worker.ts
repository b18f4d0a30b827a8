/**
 * A worker in a process of its own that can be struck at a chosen place: its parent arms it with a message (a Strike), and is told when the place is reached.
 * Signals the process sends to itself; what concerns the database's line is done by the parent, before the worker goes on.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { dirname } from "node:path";
import { createClusters } from "#lib/adapters/kubernetes/clusters.ts";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import { createPrometheusByEnvironment } from "#lib/adapters/prometheus/by-environment.ts";
import { createDatabase } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { loadConfig } from "#lib/runtime/config.ts";
import { createOutside } from "#lib/runtime/outside.ts";
import { createLog } from "#lib/runtime/log.ts";
import type { Strike } from "#lib/worker/operations/chaos/test-strike.ts";
import { startOperations } from "#lib/worker/operations/start.ts";
import { startWorker } from "#lib/worker/run.ts";

const { DATABASE_URL: databaseUrl = "", VIGIE_CONFIG: configFile = "", HOLDER: holder = "" } = process.env;
const { config } = loadConfig(configFile);
const log = createLog("worker");
const clusters = createClusters(config, dirname(configFile), log);

let armed: { strike: Strike; counts: { journal: number; write: number } } | null = null;
process.on("message", (message: { arm: Strike | null; number: number } | { go: true }) => {
  if ("arm" in message) {
    armed = message.arm === null ? null : { strike: message.arm, counts: { journal: 0, write: 0 } };
    process.send?.({ armed: message.number });
  }
});

async function reached(at: "journal" | "write", side: "before" | "after", count: number): Promise<void> {
  if (armed === null) return;
  const { when, what } = armed.strike;
  if (when.at !== at || when.side !== side || when.n !== count) return;
  armed = null;
  await new Promise<void>((resolve) => process.send?.({ struck: what }, () => resolve()));
  if (what === "kill") process.kill(process.pid, "SIGKILL");
  else if (what === "freeze") process.kill(process.pid, "SIGSTOP");
  else if (what === "stop") process.kill(process.pid, "SIGTERM");
  else await once(process, "message"); // The parent has done it.
}

async function around<T>(at: "journal" | "write", work: () => Promise<T>): Promise<T> {
  if (armed !== null) armed.counts[at] += 1;
  const count = armed?.counts[at] ?? 0;
  await reached(at, "before", count);
  const result = await work();
  await reached(at, "after", count);
  return result;
}

function faulty(api: ClusterApi): ClusterApi {
  return new Proxy(api, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function" || (name !== "patch" && name !== "replace" && name !== "create")) return member;
      return (...parameters: unknown[]) => around("write", () => Reflect.apply(member, target, parameters) as Promise<unknown>);
    },
  });
}

/** A step boundary is a transaction that writes a row of operation_step or ends an operation: "before" is before its COMMIT, "after" once it is known to be committed. */
const inside = new AsyncLocalStorage<{ journal: boolean }>();
const plain = createDatabase(databaseUrl);
const marked = plain.$extends({
  query: {
    operationStepRow: {
      async $allOperations({ operation, args, query }) {
        const transaction = inside.getStore();
        if (transaction !== undefined && !transaction.journal && operation !== "findMany" && operation !== "findFirst" && operation !== "findUnique") {
          transaction.journal = true;
          if (armed !== null) armed.counts.journal += 1;
          const result: unknown = await query(args);
          await reached("journal", "before", armed?.counts.journal ?? 0);
          return result;
        }
        return query(args);
      },
    },
  },
});
const db = new Proxy(marked, {
  get(target, name, receiver) {
    const member: unknown = Reflect.get(target, name, receiver);
    if (name !== "$transaction" || typeof member !== "function") return member;
    return async (...parameters: unknown[]) => {
      const transaction = { journal: false };
      const result: unknown = await inside.run(transaction, () => Reflect.apply(member, target, parameters) as Promise<unknown>);
      if (transaction.journal) await reached("journal", "after", armed?.counts.journal ?? 0);
      return result;
    };
  },
}) as unknown as Database; // the same client, looked at while it works

const context = { db, config, clock: systemClock, log, registry: createRegistry({ registries: config.registries, resolveSecret: () => "", log }), outside: createOutside({ config, clusterOf: async (environment) => clusters.forEnvironment(environment), metricsOf: createPrometheusByEnvironment(config, () => "") }) };
const worker = await startWorker({ context, databaseUrl, apiOf: (environment) => faulty(clusters.forEnvironment(environment)), holder, random: Math.random, startOperations });
process.send?.({ ready: true });
// As lib/worker/main.ts ends: in order, and whatever hangs, after ten seconds.
process.once("SIGTERM", () => {
  setTimeout(() => process.exit(1), 10_000).unref();
  void worker.stop().then(async (clean) => {
    clusters.close();
    await plain.$disconnect();
    process.exit(clean ? 0 : 1);
  });
});

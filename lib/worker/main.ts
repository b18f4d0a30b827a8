/** Process entry of the worker. SIGTERM and SIGINT end it in order within ten seconds. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { assertAuditProtected } from "#lib/db/protection.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { createRuntime, openClusters } from "#lib/runtime/wiring.ts";
import { recordConfigLoaded } from "#lib/services/config/record-loaded.ts";
import { startOperations } from "#lib/worker/operations/start.ts";
import { startWorker } from "#lib/worker/run.ts";

async function main(): Promise<void> {
  const runtime = createRuntime("worker");
  const { context, databaseUrl, log } = runtime;
  const clusters = await openClusters(runtime);
  const holder = `${hostname()}/${process.pid}/${randomBytes(4).toString("hex")}`;
  // Before anything is started: a signal during the start must end it in order too, or the lease would run out instead of being given up.
  const signalled = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve(signal));
  });
  // Whatever hangs: after ten seconds it is over, and the lease runs out by itself.
  void signalled.then(() => setTimeout(() => process.exit(1), 10_000).unref());
  await assertAuditProtected(context.db, context.config.audit.allowUnprotected);
  await recordConfigLoaded(context, { file: runtime.file, sha256: runtime.sha256, holder });
  const worker = await startWorker({ context, databaseUrl, apiOf: (environment) => clusters.forEnvironment(environment), holder, random: Math.random, startOperations });
  log.info({ holder }, "worker started");
  const signal = await signalled;
  log.info({ signal }, "worker ends");
  const clean = await worker.stop();
  clusters.close();
  await context.db.$disconnect();
  process.exit(clean ? 0 : 1);
}

function databaseUnreachable(): string {
  const url = URL.parse(process.env.DATABASE_URL ?? "");
  return `The database ${url === null ? "" : `at ${url.host} `}cannot be reached, or refuses to work now. Check DATABASE_URL and the server, and start again.`;
}

await main().catch((error: unknown) => {
  process.stderr.write(isVigieError(error) ? `${error.message}\n` : isDatabaseAway(error) ? `${databaseUnreachable()}\n` : `${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

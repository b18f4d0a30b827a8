import { fromPrisma, PgBoss } from "pg-boss";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { Log } from "#lib/ports/runtime.ts";

/** Jobs only wake a worker: what is to be done, by whom and how far it is stands in the operation's own rows. */
export const operationQueue = "operation";
const schema = "pgboss";

/** One sender per database. It is started to install or read pg-boss's tables and stopped at once: sending needs no timer and no pool of its own. */
const senders = new WeakMap<Database, Promise<PgBoss>>();

function senderFor(db: Database): Promise<PgBoss> {
  const known = senders.get(db);
  if (known !== undefined) return known;
  const sender = createSender(db);
  senders.set(db, sender);
  sender.catch(() => senders.delete(db));
  return sender;
}

async function createSender(db: Database): Promise<PgBoss> {
  const boss = new PgBoss({ db: fromPrisma(db), schema, supervise: false, schedule: false });
  boss.on("error", () => undefined); // Start and send report their own failures; there is nothing else running.
  await boss.start();
  await boss.createQueue(operationQueue, { notify: true, retryLimit: 0, expireInSeconds: 60, deleteAfterSeconds: 3600 });
  await boss.stop({ graceful: false, close: false });
  return boss;
}

/** Installs pg-boss's schema and the queue where they are missing. Call once at start, so that the first request does not wait for it. */
export async function prepareQueue(db: Database): Promise<void> {
  await senderFor(db);
}

/** Enqueues the wake-up in the caller's transaction: no operation without a job, no job without an operation. */
export async function enqueueOperation(tx: Transaction, sender: OperationSender, operationId: string): Promise<void> {
  await sender.boss.send(operationQueue, { operationId }, { db: fromPrisma(tx) });
}

export interface OperationSender {
  readonly boss: PgBoss;
}

/** Readies the sender outside the transaction that will use it. */
export async function operationSender(db: Database): Promise<OperationSender> {
  return { boss: await senderFor(db) };
}

/** Listens for operation jobs on a connection of its own and calls `wake` for each. A job is done once the wake-up was heard. */
export async function listenForOperations(databaseUrl: string, log: Log, wake: (operationId: string) => void): Promise<{ stop(): Promise<void> }> {
  const boss = new PgBoss({ connectionString: databaseUrl, schema, max: 2, useListenNotify: true, schedule: false, application_name: "vigie-queue", connectionTimeoutMillis: 5_000 });
  boss.on("error", (error) => log.warn({ error: String(error) }, "The job queue reports an error; operations are still found by looking for them"));
  boss.on("warning", (warning) => log.warn({ warning }, "The job queue warns"));
  await boss.start();
  await boss.createQueue(operationQueue, { notify: true, retryLimit: 0, expireInSeconds: 60, deleteAfterSeconds: 3600 });
  await boss.work<{ operationId: string }>(operationQueue, { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 30 }, async (jobs) => {
    for (const job of jobs) wake(job.data.operationId);
  });
  return { stop: () => boss.stop({ graceful: false }) };
}

import { fromPrisma, PgBoss } from "pg-boss";
import type { Database, Transaction } from "#lib/db/client.ts";
import { isDatabaseAway } from "#lib/domain/database-away.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { Log } from "#lib/ports/runtime.ts";

/** Jobs only wake a worker: what is to be done, by whom and how far it is stands in the operation's own rows. */
export const operationQueue = "operation";
const schema = "pgboss";

export interface OperationSender {
  readonly boss: PgBoss;
}

/** One sender per database. It is started to read pg-boss's tables and stopped at once: sending needs no timer and no pool of its own. */
const senders = new WeakMap<Database, Promise<OperationSender>>();

/** Readies the sender, outside the transaction that will use it. Throws VigieError "unavailable" while no worker has installed the queue. */
export function operationSender(db: Database): Promise<OperationSender> {
  const known = senders.get(db);
  if (known !== undefined) return known;
  const sender = createSender(db);
  senders.set(db, sender);
  sender.catch(() => senders.delete(db));
  return sender;
}

async function createSender(db: Database): Promise<OperationSender> {
  const boss = new PgBoss({ db: readable(db), schema, migrate: false, supervise: false, schedule: false });
  boss.on("error", () => undefined); // start() rejects with the same failure
  try {
    await boss.start();
    if ((await boss.getQueue(operationQueue)) === null) throw new Error("the queue does not exist");
  } catch (cause) {
    if (isDatabaseAway(cause)) throw cause;
    throw new VigieError("unavailable", "Operations cannot be accepted: the job queue is not there yet. It is made when a worker starts; start one and try again.", { cause });
  } finally {
    await boss.stop({ graceful: false, close: false });
  }
  return { boss };
}

/** Prisma cannot read the type regclass, which pg-boss asks for once, to see whether it is installed. */
function readable(db: Database): ReturnType<typeof fromPrisma> {
  const { executeSql } = fromPrisma(db);
  return { executeSql: (text, values) => executeSql(text.replace(/^(SELECT to_regclass\('[^']+'\)) as name$/, "$1::text as name"), values) };
}

/** Enqueues the wake-up in the caller's transaction: no operation without a job, no job without an operation. */
export async function enqueueOperation(tx: Transaction, { boss }: OperationSender, operationId: string): Promise<void> {
  await boss.send(operationQueue, { operationId }, { db: fromPrisma(tx) });
}

/**
 * Installs or upgrades pg-boss's tables and the queue, then listens for operation jobs on connections of its own and calls `wake` for each.
 * A job is done once its wake-up was heard.
 */
export async function listenForOperations(databaseUrl: string, log: Log, wake: () => void): Promise<{ stop(): Promise<void> }> {
  const boss = new PgBoss({ connectionString: databaseUrl, schema, max: 2, useListenNotify: true, schedule: false, application_name: "vigie-queue", connectionTimeoutMillis: 5_000 });
  boss.on("error", (error) => log.warn({ error }, "The job queue reports an error; operations are still found by looking for them"));
  boss.on("warning", (warning) => log.warn({ warning: warning.message }, "The job queue warns"));
  try {
    await boss.start();
    await boss.createQueue(operationQueue, { notify: true, retryLimit: 0, expireInSeconds: 60, deleteAfterSeconds: 3600 });
    await boss.work(operationQueue, { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 30, batchSize: 10 }, () => Promise.resolve(wake()));
  } catch (error) {
    await boss.stop({ graceful: false });
    throw error;
  }
  return { stop: () => boss.stop({ graceful: false }) };
}

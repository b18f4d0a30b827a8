import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "#lib/db/generated/client.ts";
import type { Prisma } from "#lib/db/generated/client.ts";

export type Database = PrismaClient;
export type Transaction = Prisma.TransactionClient;

/** One pool per process. Statement and connection time-outs keep a slow database from holding every request (ACCEPTANCE 15). */
export function createDatabase(url: string, options: { poolSize?: number; statementTimeoutMs?: number } = {}): Database {
  const adapter = new PrismaPg({
    connectionString: url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    // A process that froze inside a transaction must not keep its locks (audit head, stream clock, environment) from all others.
    idle_in_transaction_session_timeout: 5_000,
    application_name: "vigie",
  });
  return new PrismaClient({ adapter });
}

/** Database time: leases and order never depend on a replica's own clock. */
export async function databaseNow(db: Database | Transaction): Promise<Date> {
  const rows = await db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp()::timestamptz(3) AS now`;
  const row = rows[0];
  if (!row) throw new Error("SELECT clock_timestamp() returned no row");
  return row.now;
}

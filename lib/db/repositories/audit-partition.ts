import type { Database, Transaction } from "#lib/db/client.ts";

export interface AuditPartition {
  low: number;
  /** Of the open one: beyond every number. */
  high: number;
  open: boolean;
}

/** Partitions of the log, newest first; the first of them is open. */
export async function partitionsOf(db: Database | Transaction): Promise<AuditPartition[]> {
  const rows = await db.$queryRaw<{ low: bigint; high: bigint | null }[]>`
    SELECT substring(bound FROM 'FROM \\(''([0-9]+)''\\)')::bigint AS low, substring(bound FROM 'TO \\(''([0-9]+)''\\)')::bigint - 1 AS high
    FROM (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_entry'::regclass) parts
    ORDER BY 1 DESC`;
  return rows.map(({ low, high }) => ({ low: Number(low), high: high === null ? Number.MAX_SAFE_INTEGER : Number(high), open: high === null }));
}

/** Closes the open partition when it has a million entries or its quarter is over; gives the number with which the next begins, null when there was nothing to do. */
export async function rollPartition(db: Database): Promise<number | null> {
  const rows = await db.$queryRaw<{ next: bigint | null }[]>`SELECT audit_partition_roll() AS next`;
  return rows[0]?.next == null ? null : Number(rows[0].next);
}

export async function newestOf(db: Database, { low, high }: Pick<AuditPartition, "low" | "high">): Promise<{ at: Date } | null> {
  const rows = await db.$queryRaw<{ at: Date }[]>`SELECT at FROM audit_entry WHERE sequence >= ${BigInt(low)} AND sequence <= ${BigInt(high)} ORDER BY sequence DESC LIMIT 1`;
  return rows[0] ?? null;
}

/** As the owner only. Refused by the database unless it is the oldest partition and the log has the entry of its archive. */
export async function dropPartition(tx: Transaction, low: number, high: number): Promise<void> {
  await tx.$executeRaw`SELECT audit_partition_drop(${BigInt(low)}, ${BigInt(high)})`;
}

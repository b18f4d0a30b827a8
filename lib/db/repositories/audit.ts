import type { AuditAction, AuditEntry } from "#lib/contracts/audit.ts";
import { auditBodySchema } from "#lib/contracts/audit.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { archivedUpTo, startAfterArchive } from "#lib/domain/audit-archive.ts";
import { unwrapBytes } from "#lib/domain/audit-chain.ts";
import type { ChainPosition, ChainRow } from "#lib/domain/audit-chain.ts";

export interface StoredRow {
  sequence: bigint;
  at: Date;
  action: string;
  outcome: string;
  actor_kind: string;
  actor_id: string;
  actor_name: string;
  environment: string | null;
  big_pods: string[];
  operation_id: string | null;
  bytes: string;
  hash: string;
}

function toChainRow(row: StoredRow): ChainRow {
  return {
    sequence: Number(row.sequence), at: row.at, action: row.action, outcome: row.outcome, actorKind: row.actor_kind, actorId: row.actor_id, actorName: row.actor_name,
    environment: row.environment, bigPods: row.big_pods, operationId: row.operation_id, bytes: row.bytes, hash: row.hash,
  };
}

/** An entry is read from its hashed bytes, never from the columns beside them. */
export function toEntry(row: StoredRow): AuditEntry {
  const wrapped = unwrapBytes(row.bytes);
  const body = auditBodySchema.safeParse(wrapped?.body);
  if (wrapped === null || !body.success) throw new Error(`audit entry ${row.sequence} cannot be read: run the verification`);
  return { ...body.data, sequence: Number(row.sequence), at: wrapped.at, hash: row.hash, previousHash: wrapped.previous };
}

export async function findAuditEntry(db: Database | Transaction, sequence: number): Promise<AuditEntry | null> {
  const rows = await db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE sequence = ${BigInt(sequence)}`;
  return rows[0] ? toEntry(rows[0]) : null;
}

/** Entries of these operations, newest first, the newest 100 of each; those of environments that may not be seen are left out. */
export async function entriesOfOperations(db: Database | Transaction, ids: readonly string[], visible: readonly string[] | "*"): Promise<AuditEntry[]> {
  const rows = await db.$queryRaw<StoredRow[]>`
    SELECT found.* FROM unnest(${[...ids]}::text[]) AS asked(id)
    CROSS JOIN LATERAL (SELECT * FROM audit_entry WHERE operation_id = asked.id ORDER BY sequence DESC LIMIT 100) found`;
  return rows.map(toEntry).filter((entry) => visible === "*" || entry.environment === null || visible.includes(entry.environment));
}

/** The newest entry of an action; null when there is none. */
export async function newestEntryOf(db: Database | Transaction, action: AuditAction): Promise<AuditEntry | null> {
  const rows = await db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE action = ${action} ORDER BY sequence DESC LIMIT 1`;
  return rows[0] ? toEntry(rows[0]) : null;
}

/** Where the chain begins that is still in the database, as the log itself says it; null when it begins with its first entry, or with one that nobody archived up to. */
export async function archivedStart(db: Database | Transaction): Promise<ChainPosition | null> {
  const archive = await newestEntryOf(db, "audit.archive");
  if (archive === null) return null;
  const rows = await db.$queryRaw<{ first: bigint | null }[]>`SELECT min(sequence) AS first FROM audit_entry`;
  return startAfterArchive(archivedUpTo(archive), rows[0]?.first == null ? null : Number(rows[0].first));
}

/** Last entry as stored, unverified; null for an empty log. */
export async function auditHead(db: Database | Transaction): Promise<(ChainPosition & { at: Date }) | null> {
  const rows = await db.$queryRaw<{ sequence: bigint; hash: string; at: Date }[]>`SELECT sequence, hash, at FROM audit_entry ORDER BY sequence DESC LIMIT 1`;
  return rows[0] ? { sequence: Number(rows[0].sequence), hash: rows[0].hash, at: rows[0].at } : null;
}

/** Hash of one entry as stored, unverified; null when there is none. */
export async function hashOfEntry(db: Database | Transaction, sequence: number): Promise<string | null> {
  const rows = await db.$queryRaw<{ hash: string }[]>`SELECT hash FROM audit_entry WHERE sequence = ${BigInt(sequence)}`;
  return rows[0]?.hash ?? null;
}

/** Rows with sequence in (after, to], in order, in batches: the whole log never stands in memory. */
export async function* auditRows(db: Database, after: number, to: number, batch = 2_000): AsyncGenerator<ChainRow[]> {
  let last = after;
  while (true) {
    const rows = await db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE sequence > ${BigInt(last)} AND sequence <= ${BigInt(to)} ORDER BY sequence LIMIT ${batch}`;
    if (rows.length === 0) return;
    yield rows.map(toChainRow);
    last = Number(rows.at(-1)?.sequence ?? to);
  }
}

/** Ids of people and tokens that go by this name, e-mail address or id, whatever its case; the text itself counts as an id. */
export async function actorIdsNamed(db: Database | Transaction, name: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM user_account WHERE lower(name) = lower(${name}) OR lower(email) = lower(${name})
    UNION SELECT id FROM api_token WHERE lower(name) = lower(${name})
    LIMIT 100`;
  return [name, ...rows.map((row) => row.id)];
}

/** Newest entries of an action within so many seconds of database time, at most `limit`: for limits that count over all replicas. */
export async function recentEntriesOf(db: Database | Transaction, action: string, seconds: number, limit: number): Promise<{ actorId: string; actorName: string }[]> {
  const rows = await db.$queryRaw<{ actor_id: string; actor_name: string }[]>`
    SELECT actor_id, actor_name FROM (SELECT at, actor_id, actor_name FROM audit_entry WHERE action = ${action} ORDER BY sequence DESC LIMIT ${limit}) newest
    WHERE at > clock_timestamp() - make_interval(secs => ${seconds})`;
  return rows.map((row) => ({ actorId: row.actor_id, actorName: row.actor_name }));
}

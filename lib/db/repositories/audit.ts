import type { AuditEntry } from "#lib/contracts/audit.ts";
import { auditBodySchema } from "#lib/contracts/audit.ts";
import { Prisma } from "#lib/db/generated/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { unwrapBytes } from "#lib/domain/audit-chain.ts";
import type { ChainPosition, ChainRow } from "#lib/domain/audit-chain.ts";

/** Rows looked at for one page, when a filter has no index (text, Big Pod, outcome, what one may see). Keeps any page under 200 ms. */
const windowRows = 10_000;

interface StoredRow {
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

export interface AuditFilter {
  before?: number | undefined;
  limit: number;
  /** Ids that the filter for an actor means. */
  actorIds?: readonly string[] | undefined;
  action?: string | undefined;
  environment?: string | undefined;
  operation?: string | undefined;
  bigPod?: string | undefined;
  outcome?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  text?: string | undefined;
  /** Environments whose entries may be seen (entries of no environment always may); "*" for all. */
  visible: readonly string[] | "*";
}

function toChainRow(row: StoredRow): ChainRow {
  return {
    sequence: Number(row.sequence), at: row.at, action: row.action, outcome: row.outcome, actorKind: row.actor_kind, actorId: row.actor_id, actorName: row.actor_name,
    environment: row.environment, bigPods: row.big_pods, operationId: row.operation_id, bytes: row.bytes, hash: row.hash,
  };
}

/** An entry is read from its hashed bytes, never from the columns beside them. */
function toEntry(row: StoredRow): AuditEntry {
  const wrapped = unwrapBytes(row.bytes);
  const body = auditBodySchema.safeParse(wrapped?.body);
  if (wrapped === null || !body.success) throw new Error(`audit entry ${row.sequence} cannot be read: run the verification`);
  return { ...body.data, sequence: Number(row.sequence), at: wrapped.at, hash: row.hash, previousHash: wrapped.previous };
}

/**
 * A page, newest first. Looks at no more than a window of rows; when that window holds fewer matches than asked for,
 * `next` goes on below it, so that a rare match costs many cheap pages and never one that runs away.
 */
export async function findAuditPage(db: Database | Transaction, filter: AuditFilter): Promise<{ entries: AuditEntry[]; next: number | null }> {
  const indexed: Prisma.Sql[] = [Prisma.sql`true`];
  if (filter.before !== undefined) indexed.push(Prisma.sql`sequence < ${BigInt(filter.before)}`);
  if (filter.actorIds !== undefined) indexed.push(Prisma.sql`actor_id = ANY(${[...filter.actorIds]})`);
  if (filter.action !== undefined) indexed.push(Prisma.sql`action = ${filter.action}`);
  if (filter.environment !== undefined) indexed.push(Prisma.sql`environment = ${filter.environment}`);
  if (filter.operation !== undefined) indexed.push(Prisma.sql`operation_id = ${filter.operation}`);
  // Times become bounds of the sequence, so that a page of long ago does not walk down from the newest entry.
  if (filter.from !== undefined) indexed.push(Prisma.sql`sequence >= coalesce((SELECT sequence FROM audit_entry WHERE at >= ${new Date(filter.from)} ORDER BY at, sequence LIMIT 1), 9223372036854775807)`);
  if (filter.to !== undefined) indexed.push(Prisma.sql`sequence <= coalesce((SELECT sequence FROM audit_entry WHERE at <= ${new Date(filter.to)} ORDER BY at DESC, sequence DESC LIMIT 1), 0)`);

  const unindexed: Prisma.Sql[] = [Prisma.sql`true`];
  if (filter.bigPod !== undefined) unindexed.push(Prisma.sql`${filter.bigPod} = ANY(big_pods)`);
  if (filter.outcome !== undefined) unindexed.push(Prisma.sql`outcome = ${filter.outcome}`);
  if (filter.text !== undefined) unindexed.push(Prisma.sql`position(lower(${filter.text}) IN lower(bytes)) > 0`);
  if (filter.visible !== "*") unindexed.push(Prisma.sql`(environment IS NULL OR environment = ANY(${[...filter.visible]}))`);

  const rows = await db.$queryRaw<(StoredRow & { scanned: bigint; lowest: bigint })[]>`
    WITH looked AS MATERIALIZED (
      SELECT * FROM audit_entry WHERE ${Prisma.join(indexed, " AND ")} ORDER BY sequence DESC LIMIT ${unindexed.length === 1 ? filter.limit + 1 : windowRows}
    ), bounds AS (SELECT count(*) AS scanned, min(sequence) AS lowest FROM looked)
    SELECT found.*, bounds.scanned, bounds.lowest FROM bounds
    LEFT JOIN LATERAL (SELECT * FROM looked WHERE ${Prisma.join(unindexed, " AND ")} ORDER BY sequence DESC LIMIT ${filter.limit + 1}) found ON true
    ORDER BY found.sequence DESC`;
  // The left join gives one row of nulls when nothing matched.
  const found = rows.filter((row) => row.sequence !== null);
  const entries = found.slice(0, filter.limit).map(toEntry);
  if (found.length > filter.limit) return { entries, next: entries.at(-1)?.sequence ?? null };
  const bounds = rows[0];
  const windowWasFull = unindexed.length > 1 && bounds !== undefined && Number(bounds.scanned) === windowRows;
  return { entries, next: windowWasFull && Number(bounds.lowest) > 1 ? Number(bounds.lowest) : null };
}

export async function findAuditEntry(db: Database | Transaction, sequence: number): Promise<AuditEntry | null> {
  const rows = await db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE sequence = ${BigInt(sequence)}`;
  return rows[0] ? toEntry(rows[0]) : null;
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

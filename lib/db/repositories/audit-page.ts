import { Prisma } from "#lib/db/generated/client.ts";
import type { AuditEntry } from "#lib/contracts/audit.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { toEntry } from "#lib/db/repositories/audit.ts";
import type { StoredRow } from "#lib/db/repositories/audit.ts";
import { conditionsOf } from "#lib/db/repositories/audit-conditions.ts";
import type { AuditConditions } from "#lib/db/repositories/audit-conditions.ts";
import { partitionsOf } from "#lib/db/repositories/audit-partition.ts";

/** Rows looked at one after another before an index is asked: most filters fill their page here. Numbers have no gaps, so a window is a range of them. */
const windowRows = 10_000;
/** What a page may take in all, beyond the statement that is under way; then it ends early and says where to go on. */
const budgetMs = 120;

export interface PagePace {
  /** A clock in milliseconds. */
  now: () => number;
  /** For one statement that asks one partition by index. */
  partitionTimeoutMs: number;
}
const usualPace: PagePace = { now: () => performance.now(), partitionTimeoutMs: 250 };

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
  incident?: number | undefined;
  release?: number | undefined;
  from?: string | undefined;
  to?: string | undefined;
  text?: string | undefined;
  /** Environments whose entries may be seen (entries of no environment always may); "*" for all. */
  visible: readonly string[] | "*";
}

interface Range {
  low: number;
  high: number;
}

/**
 * A page, newest first. The newest window is walked; when it does not fill the page, older partitions are asked by index, newest first, until it is full.
 * Whatever the filter, a page ends early rather than take long: `next` then goes on below what was looked at.
 */
export async function findAuditPage(db: Database, filter: AuditFilter, { now, partitionTimeoutMs }: PagePace = usualPace): Promise<{ entries: AuditEntry[]; next: number | null }> {
  const range = await rangeOf(db, filter);
  if (range === null) return { entries: [], next: null };
  const asked = conditionsOf(filter);
  const wanted = filter.limit + 1;
  const rows: StoredRow[] = [];
  const page = (lookedDownTo: number): { entries: AuditEntry[]; next: number | null } => {
    const entries = rows.slice(0, filter.limit).map(toEntry);
    if (rows.length > filter.limit) return { entries, next: entries.at(-1)?.sequence ?? null };
    return { entries, next: lookedDownTo > range.low ? lookedDownTo : null };
  };
  if (asked.ordered !== null) {
    rows.push(...(await ordered(db, asked, asked.ordered, range, wanted)));
    return page(range.low);
  }

  const deadline = now() + budgetMs;
  let high = range.high;
  const walk = async (): Promise<void> => {
    const low = Math.max(range.low, high - asked.windowRows(windowRows) + 1);
    rows.push(...(await inOrder(db, asked, { low, high }, wanted - rows.length)));
    high = low - 1;
  };
  const open = (): boolean => rows.length < wanted && high >= range.low;
  await walk();
  if (open() && asked.byIndex !== null && (await hasReviewIndex(db))) {
    for (const part of await partitionsOf(db)) {
      if (!open() || now() > deadline) break;
      if (part.low > high || part.high < range.low) continue;
      const inside = { low: Math.max(part.low, range.low), high: Math.min(part.high, high) };
      const found = await byIndex(db, asked, inside, wanted - rows.length, partitionTimeoutMs);
      if (found === null) break;
      rows.push(...found);
      high = inside.low - 1;
    }
  }
  while (open() && now() <= deadline) await walk();
  return page(high + 1);
}

/** Times become bounds of the number, so that a page of long ago does not walk down from the newest entry. Null: nothing can match. */
async function rangeOf(db: Database, filter: AuditFilter): Promise<Range | null> {
  const from = filter.from === undefined ? Prisma.sql`(SELECT min(sequence) FROM audit_entry)` : Prisma.sql`(SELECT sequence FROM audit_entry WHERE at >= ${new Date(filter.from)} ORDER BY at, sequence LIMIT 1)`;
  const to = filter.to === undefined ? Prisma.sql`(SELECT max(sequence) FROM audit_entry)` : Prisma.sql`(SELECT sequence FROM audit_entry WHERE at <= ${new Date(filter.to)} ORDER BY at DESC, sequence DESC LIMIT 1)`;
  const rows = await db.$queryRaw<{ low: bigint | null; high: bigint | null }[]>`SELECT ${from} AS low, ${to} AS high`;
  const [bounds] = rows;
  if (!bounds || bounds.low === null || bounds.high === null) return null;
  const range = { low: Number(bounds.low), high: Math.min(Number(bounds.high), (filter.before ?? Number.MAX_SAFE_INTEGER) - 1) };
  return range.low > range.high ? null : range;
}

const within = ({ low, high }: Range): Prisma.Sql => Prisma.sql`sequence >= ${BigInt(low)} AND sequence <= ${BigInt(high)}`;

/** One value (or a few, each for itself) of a column: comparing and ordering by both columns leaves the planner no other index than the one in this order. */
async function ordered(db: Database, asked: AuditConditions, { column, values }: NonNullable<AuditConditions["ordered"]>, range: Range, limit: number): Promise<StoredRow[]> {
  const name = Prisma.raw(column);
  const [low, high] = [BigInt(range.low), BigInt(range.high)];
  return db.$queryRaw<StoredRow[]>`
    SELECT found.* FROM unnest(${[...values]}::text[]) AS asked(value)
    CROSS JOIN LATERAL (
      SELECT * FROM audit_entry WHERE (${name}, sequence) >= (asked.value, ${low}) AND (${name}, sequence) <= (asked.value, ${high}) AND ${within(range)} AND ${asked.all}
      ORDER BY ${name} DESC, sequence DESC LIMIT ${limit}
    ) found
    ORDER BY found.sequence DESC LIMIT ${limit}`;
}

async function inOrder(db: Database, asked: AuditConditions, range: Range, limit: number): Promise<StoredRow[]> {
  return db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE ${within(range)} AND ${asked.walked} ORDER BY sequence DESC LIMIT ${limit}`;
}

/**
 * The newest matches of one partition, found by index. First by bitmaps alone, because other plans walk for a match that may not come; when that finds more than are
 * worth sorting, such a walk soon meets some, and the planner may choose one. Null when it took too long.
 */
async function byIndex(db: Database, { byIndex: conditions, walked, mostSorted }: AuditConditions, range: Range, limit: number, timeoutMs: number): Promise<StoredRow[] | null> {
  try {
    const [, found] = await db.$transaction([
      db.$queryRaw`SELECT set_config(name, 'off', true) FROM unnest(ARRAY['enable_seqscan', 'enable_indexscan', 'enable_indexonlyscan']) AS name UNION ALL SELECT set_config('statement_timeout', ${String(timeoutMs)}, true) UNION ALL SELECT set_config('work_mem', '64MB', true)`,
      db.$queryRaw<{ sequence: bigint; matches: bigint }[]>`SELECT sequence, count(*) OVER () AS matches FROM (SELECT sequence FROM audit_entry WHERE ${within(range)} AND ${conditions} LIMIT ${mostSorted + 1}) few ORDER BY sequence DESC LIMIT ${limit}`,
    ]);
    if (found.length === 0) return [];
    if (Number(found[0]?.matches) <= mostSorted) return await db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE ${within(range)} AND sequence = ANY(${found.map(({ sequence }) => sequence)}::bigint[]) ORDER BY sequence DESC`;
    const [, rows] = await db.$transaction([
      db.$queryRaw`SELECT set_config('statement_timeout', ${String(timeoutMs)}, true), set_config('enable_seqscan', 'off', true)`,
      db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE ${within(range)} AND ${walked} ORDER BY sequence DESC LIMIT ${limit}`,
    ]);
    return rows;
  } catch (error) {
    if (error instanceof Error && /57014|statement timeout/.test(error.message)) return null;
    throw error;
  }
}

async function hasReviewIndex(db: Database | Transaction): Promise<boolean> {
  const rows = await db.$queryRaw<{ there: boolean }[]>`SELECT to_regclass('audit_entry_review_idx') IS NOT NULL AS there`;
  return rows[0]?.there === true;
}

/** Every match below `below`, oldest first, window by window: what is held is what one window has, 2,000 entries at most. */
export async function* auditMatches(db: Database, filter: Omit<AuditFilter, "limit" | "before">, below: number): AsyncGenerator<AuditEntry[]> {
  const range = await rangeOf(db, { ...filter, before: below, limit: 1 });
  if (range === null) return;
  const asked = conditionsOf({ ...filter, limit: 1 });
  const most = 2_000;
  for (let low = range.low; low <= range.high; ) {
    const high = Math.min(range.high, low + windowRows - 1);
    const rows = await db.$queryRaw<StoredRow[]>`SELECT * FROM audit_entry WHERE ${within({ low, high })} AND ${asked.walked} ORDER BY sequence LIMIT ${most}`;
    if (rows.length > 0) yield rows.map(toEntry);
    low = rows.length === most ? Number(rows.at(-1)?.sequence) + 1 : high + 1;
  }
}

import type { SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import type { Database, Transaction } from "#lib/db/client.ts";

interface StoredCheckpoint {
  number: bigint;
  origin: string;
  size: bigint;
  head: string;
  time: Date;
  key: string;
  signature: string;
}

export interface NumberedCheckpoint extends SignedCheckpoint {
  number: bigint;
}

function toSigned({ number, origin, size, head, time, key, signature }: StoredCheckpoint): NumberedCheckpoint {
  return { number, checkpoint: { origin, size: Number(size), head, time: time.toISOString() }, key, signature };
}

/** The newest copy; null before the first. */
export async function newestCheckpoint(db: Database | Transaction): Promise<NumberedCheckpoint | null> {
  const rows = await db.$queryRaw<StoredCheckpoint[]>`SELECT * FROM audit_checkpoint ORDER BY number DESC LIMIT 1`;
  return rows[0] ? toSigned(rows[0]) : null;
}

/** Copies in the order in which they were made, in batches. */
export async function* storedCheckpoints(db: Database, batch = 1_000): AsyncGenerator<NumberedCheckpoint[]> {
  let last = 0n;
  while (true) {
    const rows = await db.$queryRaw<StoredCheckpoint[]>`SELECT * FROM audit_checkpoint WHERE number > ${last} ORDER BY number LIMIT ${batch}`;
    if (rows.length === 0) return;
    yield rows.map(toSigned);
    last = rows.at(-1)?.number ?? last;
  }
}

/** Keeps a checkpoint, with what has to be delivered, in the caller's transaction. */
export async function keepCheckpoint(tx: Transaction, { checkpoint, key, signature }: SignedCheckpoint, places: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    WITH made AS (
      INSERT INTO audit_checkpoint (origin, size, head, time, key, signature)
      VALUES (${checkpoint.origin}, ${BigInt(checkpoint.size)}, ${checkpoint.head}, ${new Date(checkpoint.time)}, ${key}, ${signature}) RETURNING number)
    INSERT INTO audit_checkpoint_delivery (checkpoint, place) SELECT made.number, place FROM made, unnest(${[...places]}::text[]) AS place`;
}

/** Remembers a public key, once. */
export async function keepKey(db: Database, id: string, publicKey: string): Promise<void> {
  await db.$executeRaw`INSERT INTO audit_key (id, public_key) VALUES (${id}, ${publicKey}) ON CONFLICT (id) DO NOTHING`;
}

export async function knownKeys(db: Database | Transaction): Promise<{ id: string; publicKey: string; since: Date }[]> {
  return db.$queryRaw`SELECT id, public_key AS "publicKey", since FROM audit_key ORDER BY since DESC, id`;
}

/** Writes down why no checkpoint is made; the first reason stays, since every entry after it changes the words. Null: one is made again. Resolves with whether that is new. */
export async function noteRefusal(tx: Transaction, sentence: string | null): Promise<boolean> {
  if (sentence === null) return (await tx.$executeRaw`DELETE FROM audit_checkpoint_refusal`) > 0;
  return (await tx.$executeRaw`INSERT INTO audit_checkpoint_refusal (sentence) VALUES (${sentence}) ON CONFLICT (single) DO NOTHING`) > 0;
}

export async function standingRefusal(db: Database | Transaction): Promise<{ sentence: string; since: Date } | null> {
  const rows = await db.$queryRaw<{ sentence: string; since: Date }[]>`SELECT sentence, since FROM audit_checkpoint_refusal`;
  return rows[0] ?? null;
}

/** Oldest checkpoint that a place has not got yet, when its time has come: places get them in order. */
export async function dueDelivery(db: Database, place: string): Promise<{ checkpoint: NumberedCheckpoint; attempts: number } | null> {
  const rows = await db.$queryRaw<(StoredCheckpoint & { attempts: number; due: boolean })[]>`
    SELECT c.*, d.attempts, d.due_at <= clock_timestamp() AS due FROM audit_checkpoint_delivery d JOIN audit_checkpoint c ON c.number = d.checkpoint
    WHERE d.place = ${place} AND d.delivered_at IS NULL ORDER BY d.checkpoint LIMIT 1`;
  const row = rows[0];
  return row?.due === true ? { checkpoint: toSigned(row), attempts: row.attempts } : null;
}

export async function noteDelivered(db: Database, number: bigint, place: string): Promise<void> {
  await db.$executeRaw`UPDATE audit_checkpoint_delivery SET delivered_at = clock_timestamp(), attempts = attempts + 1, error = NULL WHERE checkpoint = ${number} AND place = ${place}`;
}

export async function noteUndelivered(db: Database, number: bigint, place: string, error: string, delayMs: number): Promise<void> {
  await db.$executeRaw`
    UPDATE audit_checkpoint_delivery SET attempts = attempts + 1, error = ${error}, due_at = clock_timestamp() + ${delayMs} * interval '1 millisecond'
    WHERE checkpoint = ${number} AND place = ${place} AND delivered_at IS NULL`;
}

export interface PlaceState {
  place: string;
  deliveredSize: number | null;
  deliveredAt: Date | null;
  waiting: number;
  /** Of the oldest that waits. */
  error: string | null;
  /** When the oldest that waits was made. */
  waitingSince: Date | null;
}

/** How each place stands that was ever delivered to, or is to be. */
export async function placeStates(db: Database): Promise<PlaceState[]> {
  const rows = await db.$queryRaw<{ place: string; size: bigint | null; delivered_at: Date | null; waiting: bigint; error: string | null; waiting_since: Date | null }[]>`
    SELECT p.place, done.size, done.delivered_at, coalesce(open.waiting, 0) AS waiting, first.error, first.time AS waiting_since
    FROM (SELECT DISTINCT place FROM audit_checkpoint_delivery) p
    LEFT JOIN LATERAL (SELECT c.size, d.delivered_at FROM audit_checkpoint_delivery d JOIN audit_checkpoint c ON c.number = d.checkpoint WHERE d.place = p.place AND d.delivered_at IS NOT NULL ORDER BY d.checkpoint DESC LIMIT 1) done ON true
    LEFT JOIN LATERAL (SELECT count(*) AS waiting FROM audit_checkpoint_delivery d WHERE d.place = p.place AND d.delivered_at IS NULL) open ON true
    LEFT JOIN LATERAL (SELECT d.error, c.time FROM audit_checkpoint_delivery d JOIN audit_checkpoint c ON c.number = d.checkpoint WHERE d.place = p.place AND d.delivered_at IS NULL ORDER BY d.checkpoint LIMIT 1) first ON true`;
  return rows.map((row) => ({ place: row.place, deliveredSize: row.size === null ? null : Number(row.size), deliveredAt: row.delivered_at, waiting: Number(row.waiting), error: row.error, waitingSince: row.waiting_since }));
}

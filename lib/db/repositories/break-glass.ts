import { z } from "zod";
import type { BreakGlass } from "#lib/contracts/operation.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { BreakGlassRow } from "#lib/db/generated/client.ts";
import { asJson } from "#lib/db/repositories/operation.ts";

const actorSchema = z.object({ kind: z.enum(["person", "token", "system"]), id: z.string(), name: z.string() });
type StoredActor = z.infer<typeof actorSchema>;

/** How long it lasts. */
export const breakGlassMinutes = 15;

/** Rows with what was requested under each, as people and programs see them. */
export async function toBreakGlass(db: Database | Transaction, rows: readonly BreakGlassRow[]): Promise<BreakGlass[]> {
  const operations = await db.operationRow.findMany({ where: { breakGlassId: { in: rows.map((row) => row.id) } }, select: { id: true, title: true, breakGlassId: true }, orderBy: { number: "asc" } });
  return rows.map((row) => ({
    id: row.id, environment: row.environment, by: actorSchema.parse(row.actor).name, actorId: row.actorId, reason: row.reason, openedAt: row.openedAt.toISOString(), expiresAt: row.expiresAt.toISOString(),
    operations: operations.filter((operation) => operation.breakGlassId === row.id).map(({ id, title }) => ({ id, title })),
    review: row.reviewedAt === null ? null : { by: actorSchema.parse(row.reviewedBy).name, at: row.reviewedAt.toISOString(), note: row.reviewNote ?? "" },
  }));
}

export function storedOpener(row: BreakGlassRow): StoredActor {
  return actorSchema.parse(row.actor);
}

/** Opens one for a quarter of an hour of database time. */
export async function insertBreakGlass(tx: Transaction, given: { id: string; environment: string; actor: StoredActor; reason: string }): Promise<BreakGlassRow> {
  await tx.$executeRaw`
    INSERT INTO break_glass (id, environment, actor, actor_id, reason, opened_at, expires_at)
    VALUES (${given.id}, ${given.environment}, ${JSON.stringify(asJson(given.actor))}::jsonb, ${given.actor.id}, ${given.reason}, clock_timestamp(), clock_timestamp() + make_interval(mins => ${breakGlassMinutes}::int))`;
  return tx.breakGlassRow.findUniqueOrThrow({ where: { id: given.id } });
}

export async function findBreakGlass(db: Database | Transaction, id: string): Promise<BreakGlassRow | null> {
  return db.breakGlassRow.findUnique({ where: { id } });
}

/** The one of this actor that has not run out, by database time; null when there is none. */
export async function activeBreakGlassOf(db: Database | Transaction, environment: string, actorId: string): Promise<{ id: string; by: string; expiresAt: Date } | null> {
  const rows = await db.$queryRaw<{ id: string; name: string; expires_at: Date }[]>`
    SELECT id, actor->>'name' AS name, expires_at FROM break_glass WHERE environment = ${environment} AND actor_id = ${actorId} AND expires_at > clock_timestamp() ORDER BY opened_at DESC LIMIT 1`;
  const [row] = rows;
  return row === undefined ? null : { id: row.id, by: row.name, expiresAt: row.expires_at };
}

/** For an environment's guard: the one of anybody that lasts longest now; null when none is open. */
export async function activeBreakGlass(db: Database | Transaction, environment: string): Promise<{ id: string; by: string; reason: string; openedAt: Date; expiresAt: Date } | null> {
  const rows = await db.$queryRaw<{ id: string; name: string; reason: string; opened_at: Date; expires_at: Date }[]>`
    SELECT id, actor->>'name' AS name, reason, opened_at, expires_at FROM break_glass WHERE environment = ${environment} AND expires_at > clock_timestamp() ORDER BY expires_at DESC LIMIT 1`;
  const [row] = rows;
  return row === undefined ? null : { id: row.id, by: row.name, reason: row.reason, openedAt: row.opened_at, expiresAt: row.expires_at };
}

/** For an environment's guard: uses that nobody else has looked at yet, newest first, with how many operations were requested under each. */
export async function openReviews(db: Database | Transaction, environment: string): Promise<{ id: string; by: string; reason: string; openedAt: Date; operations: number }[]> {
  const rows = await db.$queryRaw<{ id: string; name: string; reason: string; opened_at: Date; operations: number }[]>`
    SELECT b.id, b.actor->>'name' AS name, b.reason, b.opened_at, (SELECT count(*)::int FROM operation o WHERE o.break_glass_id = b.id) AS operations
    FROM break_glass b WHERE b.environment = ${environment} AND b.reviewed_at IS NULL ORDER BY b.opened_at DESC LIMIT 50`;
  return rows.map((row) => ({ id: row.id, by: row.name, reason: row.reason, openedAt: row.opened_at, operations: row.operations }));
}

/** Writes the review, once. False: it was reviewed already. The database refuses the opener's own. */
export async function closeReview(tx: Transaction, id: string, by: StoredActor, note: string): Promise<boolean> {
  const count = await tx.$executeRaw`
    UPDATE break_glass SET reviewed_at = clock_timestamp(), reviewed_by = ${JSON.stringify(asJson(by))}::jsonb, reviewed_by_id = ${by.id}, review_note = ${note} WHERE id = ${id} AND reviewed_at IS NULL`;
  return count === 1;
}

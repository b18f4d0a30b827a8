import type { Prisma } from "#lib/db/generated/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { releaseContentSchema } from "#lib/contracts/release.ts";
import type { Release, ReleaseContent } from "#lib/contracts/release.ts";
import type { EnvironmentRelease } from "#lib/contracts/state.ts";
import { nextPosition } from "#lib/db/publish.ts";
import { chooseNumber } from "#lib/domain/release.ts";

type RecordRow = Prisma.ReleaseRecordGetPayload<object>;

export function releaseOf(row: RecordRow): Release {
  return {
    number: row.number,
    environment: row.environment,
    contentHash: row.contentHash,
    content: releaseContentSchema.parse(row.content),
    seenAt: row.seenAt.toISOString(),
    healthyAt: row.healthyAt?.toISOString() ?? null,
    by: row.by,
    operationId: row.operationId,
  };
}

/** Serialises numbering over all environments: two that meet the same new images at once must get one number. Held until the transaction ends. */
async function lockNumbers(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(7310114)`;
}

/**
 * Records what runs in an environment, or finds the record it is back at (rule: chooseNumber). Returns the number and whether a record was added.
 * The record is sealed from here on: the database refuses edits but of healthyAt.
 */
export async function recordRelease(
  tx: Transaction,
  release: { content: ReleaseContent; contentHash: string; imagesHash: string; seenAt: Date; by: string; operationId: string | null; preferredNumber: number | null },
): Promise<{ number: number; added: boolean }> {
  const { environment } = release.content;
  await lockNumbers(tx);
  const existing = await tx.releaseRecord.findUnique({ where: { environment_contentHash: { environment, contentHash: release.contentHash } }, select: { number: true } });
  if (existing) return { number: existing.number, added: false };
  const candidates = await tx.$queryRaw<{ number: number }[]>`
    SELECT n.number FROM release_number n WHERE n.images_hash = ${release.imagesHash}
      AND NOT EXISTS (SELECT 1 FROM release_record r WHERE r.number = n.number AND r.environment = ${environment})`;
  const chosen = chooseNumber(null, candidates.map((c) => c.number), release.preferredNumber);
  const number = chosen ?? (await tx.releaseNumber.create({ data: { imagesHash: release.imagesHash, createdAt: release.seenAt } })).number;
  await tx.releaseRecord.create({
    // A release's content is JSON by its schema; Prisma's input type cannot know that.
    data: { environment, contentHash: release.contentHash, number, imagesHash: release.imagesHash, content: release.content as unknown as Prisma.InputJsonObject, seenAt: release.seenAt, by: release.by, operationId: release.operationId },
  });
  return { number, added: true };
}

/** Says which record an environment runs. When number, content or settledness changed: the position it was given, to tell listeners; otherwise null, and none was taken. */
export async function setEnvironmentRelease(tx: Transaction, now: { environment: string; number: number; contentHash: string; since: Date; settled: boolean }): Promise<bigint | null> {
  const before = await tx.environmentRelease.findUnique({ where: { environment: now.environment } });
  const sameContent = before !== null && before.number === now.number && before.contentHash === now.contentHash;
  if (sameContent && before.settled === now.settled) return null;
  const since = sameContent ? before.since : now.since;
  const position = await nextPosition(tx);
  await tx.environmentRelease.upsert({ where: { environment: now.environment }, create: { ...now, since, position }, update: { ...now, since, position } });
  return position;
}

/** Marks that what runs differs from the recorded release for now. When that is news: its position, to tell listeners; otherwise null, and none was taken. */
export async function unsettleEnvironment(tx: Transaction, environment: string): Promise<bigint | null> {
  const { count } = await tx.environmentRelease.updateMany({ where: { environment, settled: true }, data: { settled: false } });
  if (count === 0) return null;
  const position = await nextPosition(tx);
  await tx.environmentRelease.update({ where: { environment }, data: { position } });
  return position;
}

export async function markHealthy(tx: Transaction, environment: string, contentHash: string, at: Date): Promise<void> {
  await tx.releaseRecord.updateMany({ where: { environment, contentHash }, data: { healthyAt: at } });
}

export async function readEnvironmentReleases(db: Database | Transaction, where: Prisma.EnvironmentReleaseWhereInput = {}): Promise<{ release: EnvironmentRelease; contentHash: string; position: number }[]> {
  const rows = await db.environmentRelease.findMany({ where });
  return rows.map((row) => ({ release: { environment: row.environment, release: row.number, since: row.since.toISOString(), settled: row.settled }, contentHash: row.contentHash, position: Number(row.position) }));
}

/** The record an environment runs (or ran last, while it is not settled). */
export async function readCurrentRelease(db: Database | Transaction, environment: string): Promise<Release | null> {
  const at = await db.environmentRelease.findUnique({ where: { environment } });
  if (!at) return null;
  const row = await db.releaseRecord.findUnique({ where: { environment_contentHash: { environment, contentHash: at.contentHash } } });
  return row ? releaseOf(row) : null;
}

/** Records of an environment, highest number first (of one number the newest first), below `before` when given. */
export async function readReleases(db: Database | Transaction, options: { environment: string; before?: number; limit: number }): Promise<Release[]> {
  const rows = await db.releaseRecord.findMany({
    where: { environment: options.environment, ...(options.before === undefined ? {} : { number: { lt: options.before } }) },
    orderBy: [{ number: "desc" }, { seenAt: "desc" }, { contentHash: "asc" }],
    take: options.limit,
  });
  return rows.map(releaseOf);
}

/** A number has one record per environment: by rule a second content in the same environment gets a number of its own. */
export async function readRelease(db: Database | Transaction, environment: string, number: number): Promise<Release | null> {
  const row = await db.releaseRecord.findFirst({ where: { environment, number }, orderBy: { seenAt: "desc" } });
  return row ? releaseOf(row) : null;
}

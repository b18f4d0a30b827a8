import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Quarantine } from "#lib/contracts/operation.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { QuarantineRow } from "#lib/db/generated/client.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

const actorSchema = z.object({ kind: z.enum(["person", "token", "system"]), id: z.string(), name: z.string() });

export interface ActiveQuarantine {
  id: string;
  release: number;
  imagesHash: string;
  reason: string;
  operationId: string | null;
  at: Date;
}

export function toQuarantine(row: QuarantineRow): Quarantine {
  return {
    id: row.id, release: row.release, environment: row.environment, reason: row.reason, operationId: row.operationId, at: row.at.toISOString(),
    lifted: row.liftedAt === null ? null : { by: actorSchema.parse(row.liftedBy).name, at: row.liftedAt.toISOString(), reason: row.liftReason ?? "" },
  };
}

/** What nobody promotes to an environment now, newest first. */
export async function activeQuarantine(db: Database | Transaction, environment: string): Promise<ActiveQuarantine[]> {
  const rows = await db.quarantineRow.findMany({ where: { environment, liftedAt: null }, orderBy: { at: "desc" }, take: 200 });
  return rows.map(({ id, release, imagesHash, reason, operationId, at }) => ({ id, release, imagesHash, reason, operationId, at }));
}

/** Puts a release (its set of images) into quarantine in some environments; those where it is already are left. Returns the environments that were added. */
export async function addQuarantine(tx: Transaction, given: { environments: readonly string[]; release: number; imagesHash: string; reason: string; operationId: string | null }): Promise<string[]> {
  const added: string[] = [];
  for (const environment of given.environments) {
    const rows = await tx.$executeRaw`
      INSERT INTO quarantine (id, images_hash, release, environment, reason, operation_id, at)
      VALUES (${randomUUID()}, ${given.imagesHash}, ${given.release}, ${environment}, ${given.reason}, ${given.operationId}, clock_timestamp())
      ON CONFLICT (environment, images_hash) WHERE lifted_at IS NULL DO NOTHING`;
    if (rows === 1) added.push(environment);
  }
  return added;
}

/** The release that a promotion out of an environment brings, with the hash of its images; null while what runs there is no recorded release. */
export async function promotedRelease(db: Database | Transaction, source: Pick<EnvironmentFacts, "release">): Promise<{ number: number; imagesHash: string } | null> {
  return source.release?.settled === true ? releaseImages(db, source.release.number) : null;
}

export async function releaseImages(db: Database | Transaction, number: number): Promise<{ number: number; imagesHash: string } | null> {
  const row = await db.releaseNumber.findUnique({ where: { number }, select: { imagesHash: true } });
  return row === null ? null : { number, imagesHash: row.imagesHash };
}

/** Lifts it, once. False: it was lifted already. */
export async function liftQuarantineRow(tx: Transaction, id: string, by: { kind: string; id: string; name: string }, reason: string): Promise<boolean> {
  return (await tx.$executeRaw`UPDATE quarantine SET lifted_at = clock_timestamp(), lifted_by = ${JSON.stringify(asJson(by))}::jsonb, lift_reason = ${reason} WHERE id = ${id} AND lifted_at IS NULL`) === 1;
}

import { z } from "zod";
import { driftContentSchema, driftSchema } from "#lib/contracts/drift.ts";
import type { Drift } from "#lib/contracts/drift.ts";
import { releaseContentSchema } from "#lib/contracts/release.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/generated/client.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import type { Seen, Wanted } from "#lib/domain/drift.ts";

export interface AppliedState extends Wanted {
  bigPod: string;
  at: Date;
  by: string;
  operationId: string | null;
  adopted: boolean;
}

export interface ObservedDrift extends Pick<Drift, "bigPod" | "by" | "differences" | "mark" | "back"> {
  since: Date;
  observed: Seen;
}

const seenSchema = z.object({ content: driftContentSchema, replicas: z.int().nullable() });

/** Which Big Pods of an environment Vigie ever applied anything to, and when last. */
export async function readAppliedTimes(db: Database | Transaction, environment: string): Promise<{ bigPod: string; at: Date }[]> {
  return db.appliedStateRow.findMany({ where: { environment }, select: { bigPod: true, at: true }, orderBy: { bigPod: "asc" } });
}

/** What is wanted of some Big Pods of an environment (of those that Vigie ever applied anything to). */
export async function readApplied(db: Database | Transaction, environment: string, bigPods: readonly string[]): Promise<AppliedState[]> {
  const rows = await db.appliedStateRow.findMany({ where: { environment, bigPod: { in: [...bigPods] } }, orderBy: { bigPod: "asc" } });
  return rows.map(({ bigPod, content, replicas, at, by, operationId, adopted }) => ({ bigPod, content: content === null ? null : driftContentSchema.parse(content), replicas, at, by, operationId, adopted }));
}

/** Says what is wanted from now on. `content` undefined: only the replicas were applied, the rest stays as it was wanted. */
export async function saveApplied(tx: Transaction, environment: string, applied: Omit<AppliedState, "content"> & { content: Wanted["content"] | undefined }): Promise<void> {
  const { bigPod, content, ...rest } = applied;
  const stored = content === undefined ? {} : { content: content === null ? Prisma.DbNull : asJson(content) };
  await tx.appliedStateRow.upsert({ where: { environment_bigPod: { environment, bigPod } }, create: { environment, bigPod, ...rest, ...stored }, update: { ...rest, ...stored } });
}

/** Drifts of some environments as they stand, with what was wanted there. */
export async function readDrifts(db: Database | Transaction, environments: readonly string[]): Promise<Map<string, Drift[]>> {
  const rows = await db.driftRow.findMany({ where: { environment: { in: [...environments] } }, omit: { observed: true }, orderBy: [{ environment: "asc" }, { bigPod: "asc" }] });
  if (rows.length === 0) return new Map();
  const applied = await db.appliedStateRow.findMany({ where: { OR: rows.map(({ environment, bigPod }) => ({ environment, bigPod })) }, omit: { content: true } });
  const drifts = new Map<string, Drift[]>();
  for (const { environment, bigPod, since, by, differences, mark, back } of rows) {
    const wanted = applied.find((row) => row.environment === environment && row.bigPod === bigPod);
    if (wanted === undefined) continue;
    const drift = driftSchema.parse({ bigPod, since: since.toISOString(), by, differences, mark, back, wanted: { at: wanted.at.toISOString(), by: wanted.by, operationId: wanted.operationId, adopted: wanted.adopted } });
    drifts.set(environment, [...(drifts.get(environment) ?? []), drift]);
  }
  return drifts;
}

/** One drift with what was seen to run. */
export async function findDrift(tx: Transaction, environment: string, bigPod: string): Promise<ObservedDrift | null> {
  const row = await tx.driftRow.findUnique({ where: { environment_bigPod: { environment, bigPod } } });
  if (row === null) return null;
  return { bigPod, since: row.since, by: row.by, differences: row.differences, mark: row.mark, back: driftSchema.shape.back.parse(row.back), observed: seenSchema.parse(row.observed) };
}

export async function readDriftMarks(db: Database, environment: string): Promise<Map<string, { mark: string; since: Date }>> {
  const rows = await db.driftRow.findMany({ where: { environment }, select: { bigPod: true, mark: true, since: true } });
  return new Map(rows.map(({ bigPod, mark, since }) => [bigPod, { mark, since }]));
}

export async function saveDrift(tx: Transaction, environment: string, drift: ObservedDrift): Promise<void> {
  const { bigPod, observed, back, ...rest } = drift;
  const row = { ...rest, observed: asJson(observed), back: back === null ? Prisma.DbNull : asJson(back) };
  await tx.driftRow.upsert({ where: { environment_bigPod: { environment, bigPod } }, create: { environment, bigPod, ...row }, update: row });
}

export async function removeDrift(tx: Transaction, environment: string, bigPod: string): Promise<void> {
  await tx.driftRow.deleteMany({ where: { environment, bigPod } });
}

/** What the newest records of an environment hold of one Big Pod, newest first. */
export async function recordsOfBigPod(db: Database, environment: string, bigPod: string): Promise<{ release: number; sealed: SealedBigPod }[]> {
  const rows = await db.releaseRecord.findMany({ where: { environment }, orderBy: { seenAt: "desc" }, take: 30, select: { number: true, content: true } });
  return rows.flatMap(({ number, content }) => {
    const sealed = releaseContentSchema.parse(content).bigPods[bigPod];
    return sealed === undefined ? [] : [{ release: number, sealed }];
  });
}

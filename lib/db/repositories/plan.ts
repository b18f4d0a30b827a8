import { z } from "zod";
import { planRequestSchema, planSchema, planTargetSchema } from "#lib/contracts/operation.ts";
import type { Plan, PlanRequest, PlanTarget } from "#lib/contracts/operation.ts";
import { releaseContentSchema } from "#lib/contracts/release.ts";
import { bigPodStateSchema, sourceStateSchema } from "#lib/contracts/state.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import type { RecordedRelease } from "#lib/domain/plan-rollback.ts";
import type { Prisma } from "#lib/db/generated/client.ts";

/** Everything the planning rules want to know of one environment, from one snapshot of the database. Big Pods that are not configured any more are left out. */
export async function readEnvironmentFacts(db: Database, environment: string, bigPods: readonly string[]): Promise<EnvironmentFacts> {
  return db.$transaction(
    async (tx) => {
      const [now, states, sources, release, heartbeat] = [
        await databaseNow(tx),
        await tx.bigPodStateRow.findMany({ where: { environment, bigPod: { in: [...bigPods] } } }),
        await tx.sourceRow.findMany(),
        await tx.environmentRelease.findUnique({ where: { environment } }),
        await tx.lease.findFirst({ orderBy: { heartbeatAt: "desc" } }),
      ];
      const record = release === null ? null : await tx.releaseRecord.findUnique({ where: { environment_contentHash: { environment, contentHash: release.contentHash } } });
      return {
        name: environment,
        release: release === null ? null : { number: release.number, contentHash: release.contentHash, settled: release.settled },
        recorded: new Map(record === null ? [] : Object.entries(releaseContentSchema.parse(record.content).bigPods)),
        states: new Map(states.map((row) => [row.bigPod, bigPodStateSchema.parse(row.state)])),
        sources: sources.map((row) => sourceStateSchema.parse(row.state)),
        workerSeenAt: heartbeat?.heartbeatAt ?? null,
        now,
      };
    },
    { isolationLevel: "RepeatableRead", maxWait: 5_000 },
  );
}

/**
 * The record of a release in an environment. One number may have several records there (other configuration, same images):
 * the one that was healthy last, and never the very content that is recorded as running now while there is another.
 */
export async function findRecordedRelease(db: Database, environment: string, number: number, currentContentHash: string | null): Promise<RecordedRelease | null> {
  const rows = await db.releaseRecord.findMany({ where: { environment, number }, orderBy: [{ healthyAt: { sort: "desc", nulls: "last" } }, { seenAt: "desc" }] });
  const row = rows.find((candidate) => candidate.contentHash !== currentContentHash) ?? rows[0];
  if (row === undefined) return null;
  return { number, contentHash: row.contentHash, bigPods: new Map(Object.entries(releaseContentSchema.parse(row.content).bigPods)) };
}

/** Numbers recorded in an environment, newest first: for the sentence that refuses an unknown one. */
export async function recordedNumbers(db: Database, environment: string, limit: number): Promise<number[]> {
  const rows = await db.releaseRecord.findMany({ where: { environment }, distinct: ["number"], orderBy: { number: "desc" }, take: limit, select: { number: true } });
  return rows.map((row) => row.number);
}

/** Seconds that the last successful operations of this kind took in this environment, newest first. */
export async function recentDurations(db: Database, kind: string, environment: string, limit: number): Promise<number[]> {
  const rows = await db.operationRow.findMany({
    where: { kind, environment, status: "succeeded", startedAt: { not: null }, finishedAt: { not: null } },
    orderBy: { finishedAt: "desc" },
    take: limit,
    select: { startedAt: true, finishedAt: true },
  });
  return rows.flatMap((row) => (row.startedAt === null || row.finishedAt === null ? [] : [(row.finishedAt.getTime() - row.startedAt.getTime()) / 1000]));
}

/** What each target's containers ran when the plan was made: part of what its hash binds. */
export type PlannedImages = Record<string, Record<string, string>>;

const plannedImagesSchema = z.record(z.string(), z.record(z.string(), z.string()));
const storedTargetsSchema = z.object({ targets: z.array(planTargetSchema), images: plannedImagesSchema });

export function plannedImages(stored: unknown): PlannedImages {
  return plannedImagesSchema.parse(stored);
}

export interface StoredPlan {
  plan: Plan;
  targets: PlanTarget[];
  images: PlannedImages;
  request: PlanRequest;
}

/** Stores a plan, or moves the expiry of the same one: the hash stands for everything that matters. Plans that ran out an hour ago are cleared. */
export async function storePlan(db: Database, stored: StoredPlan, actorId: string): Promise<void> {
  const { plan } = stored;
  const row = {
    kind: plan.kind,
    environment: plan.environment,
    plan: plan as unknown as Prisma.InputJsonObject, // contracts are JSON by construction
    targets: { targets: stored.targets, images: stored.images } as unknown as Prisma.InputJsonObject,
    request: stored.request as unknown as Prisma.InputJsonObject,
    actorId,
    createdAt: new Date(plan.createdAt),
    expiresAt: new Date(plan.expiresAt),
  };
  await db.planRow.upsert({ where: { hash: plan.hash }, create: { hash: plan.hash, ...row }, update: row });
  await db.planRow.deleteMany({ where: { expiresAt: { lt: new Date(new Date(plan.createdAt).getTime() - 3_600_000) } } });
}

export async function findPlan(db: Database | Transaction, hash: string): Promise<StoredPlan | null> {
  const row = await db.planRow.findUnique({ where: { hash } });
  if (row === null) return null;
  const { targets, images } = storedTargetsSchema.parse(row.targets);
  return { plan: planSchema.parse(row.plan), targets, images, request: planRequestSchema.parse(row.request) };
}

import { releaseContentSchema } from "#lib/contracts/release.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { drillTimes } from "#lib/domain/drill.ts";
import type { RecordFacts } from "#lib/domain/rollback-readiness.ts";
import { toStep } from "#lib/db/repositories/operation.ts";

export type ReadinessRow = Omit<NonNullable<EnvironmentGuard["rollback"]>, "proven" | "checkedAt">;

/** Records of an environment without their contents, newest first, and which of them it runs. A way back further than these is none. */
export async function recordFacts(db: Database | Transaction, environment: string): Promise<{ current: string | null; records: RecordFacts[]; quarantined: Set<string> }> {
  const select = { number: true, contentHash: true, imagesHash: true, seenAt: true, healthyAt: true } as const;
  const [at, newest, quarantine] = [
    await db.environmentRelease.findUnique({ where: { environment }, select: { contentHash: true } }),
    await db.releaseRecord.findMany({ where: { environment }, orderBy: { seenAt: "desc" }, take: 200, select }),
    await db.quarantineRow.findMany({ where: { environment, liftedAt: null }, select: { imagesHash: true } }),
  ];
  const current = at?.contentHash ?? null;
  // After a long way back the current record may be older than the newest ones.
  const own = current === null || newest.some((record) => record.contentHash === current) ? [] : await db.releaseRecord.findMany({ where: { environment, contentHash: current }, select });
  return { current, records: [...newest, ...own], quarantined: new Set(quarantine.map((row) => row.imagesHash)) };
}

export async function recordContent(db: Database | Transaction, environment: string, contentHash: string): Promise<Readonly<Record<string, SealedBigPod>>> {
  const row = await db.releaseRecord.findUnique({ where: { environment_contentHash: { environment, contentHash } }, select: { content: true } });
  return row === null ? {} : releaseContentSchema.parse(row.content).bigPods;
}

/** Keeps what was found. `drilledIn`: the environment whose drills prove this one's way back. */
export async function saveReadiness(tx: Transaction, environment: string, found: ReadinessRow, drilledIn: string | null, at: Date): Promise<void> {
  const row = { release: found.release, verdict: found.verdict, sentence: found.sentence, checkedAt: at, drilledIn };
  await tx.rollbackReadinessRow.upsert({ where: { environment }, create: { environment, ...row }, update: row });
}

/** The way back as it was looked at last, with the newest drill that proves it; null while it was never looked at. */
export async function storedReadiness(db: Database | Transaction, environment: string): Promise<EnvironmentGuard["rollback"]> {
  const row = await db.rollbackReadinessRow.findUnique({ where: { environment } });
  if (row === null) return null;
  const verdict = row.verdict === "ready" || row.verdict === "not-ready" ? row.verdict : "unsure";
  const own = await lastDrill(db, environment);
  const proven = own ?? (row.drilledIn === null || row.drilledIn === environment ? null : await lastDrill(db, row.drilledIn));
  return { release: row.release, verdict, sentence: row.sentence, checkedAt: row.checkedAt.toISOString(), proven };
}

/** The newest drill of an environment that changed something: its seconds are those of the way back alone, or until it failed. */
export async function lastDrill(db: Database | Transaction, environment: string): Promise<NonNullable<EnvironmentGuard["rollback"]>["proven"]> {
  const row = await db.operationRow.findFirst({ where: { environment, kind: "drill", status: { in: ["succeeded", "failed", "returned"] }, startedAt: { not: null }, finishedAt: { not: null } }, orderBy: { finishedAt: "desc" }, include: { steps: { orderBy: { position: "asc" } } } });
  if (row === null || row.startedAt === null || row.finishedAt === null) return null;
  const whole = (row.finishedAt.getTime() - row.startedAt.getTime()) / 1000;
  return { at: row.finishedAt.toISOString(), seconds: drillTimes(row.steps.map(toStep)).back ?? whole, succeeded: row.status === "succeeded", operationId: row.id };
}

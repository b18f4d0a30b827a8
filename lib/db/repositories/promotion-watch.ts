import { z } from "zod";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { environmentGuardSchema } from "#lib/contracts/state.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { PromotionWatchRow } from "#lib/db/generated/client.ts";
import { asJson, storedActor } from "#lib/db/repositories/operation.ts";
import type { Between } from "#lib/domain/promotion-watch.ts";

const marksSchema = z.record(z.string(), z.string());
export type Marks = z.infer<typeof marksSchema>;
export type Proposal = NonNullable<EnvironmentGuard["proposal"]>;

export interface PromotionWatch {
  operationId: string;
  environment: string;
  release: number | null;
  imagesHash: string | null;
  bigPods: string[];
  mode: "observe" | "rollback";
  promotedFrom: Date;
  beganAt: Date;
  until: Date;
  marks: Marks;
  failingSince: Date | null;
  calmSince: Date | null;
  decision: "rollback" | "propose" | null;
  rollbackId: string | null;
  proposal: Proposal | null;
}

function toWatch(row: PromotionWatchRow): PromotionWatch {
  const { operationId, environment, release, imagesHash, bigPods, promotedFrom, beganAt, until, failingSince, calmSince, rollbackId } = row;
  return {
    operationId, environment, release, imagesHash, bigPods, promotedFrom, beganAt, until, failingSince, calmSince, rollbackId,
    mode: row.mode === "rollback" ? "rollback" : "observe",
    decision: row.decision === "rollback" || row.decision === "propose" ? row.decision : null,
    marks: marksSchema.parse(row.marks),
    proposal: environmentGuardSchema.shape.proposal.catch(null).parse(row.proposal),
  };
}

/**
 * Begins to watch a promotion, in the transaction that ends it. An earlier watch of the environment is superseded by it; the watcher ends that one, because
 * this transaction holds the audit log already and must wait for no other row.
 */
export async function beginWatch(tx: Transaction, watch: Omit<PromotionWatch, "failingSince" | "calmSince" | "decision" | "rollbackId" | "proposal">): Promise<void> {
  await tx.promotionWatchRow.createMany({ data: [{ ...watch, marks: asJson(watch.marks) }], skipDuplicates: true });
}

/** Watches that go on, oldest first. */
export async function openWatches(db: Database): Promise<PromotionWatch[]> {
  return (await db.promotionWatchRow.findMany({ where: { endedAt: null }, orderBy: { beganAt: "asc" } })).map(toWatch);
}

/** Holds a watch for a change in this transaction; null when it is over. */
export async function lockWatch(tx: Transaction, operationId: string): Promise<PromotionWatch | null> {
  await tx.$queryRaw`SELECT 1 FROM promotion_watch WHERE operation_id = ${operationId} FOR UPDATE`;
  const row = await tx.promotionWatchRow.findFirst({ where: { operationId, endedAt: null } });
  return row === null ? null : toWatch(row);
}

export async function saveSpell(tx: Transaction, operationId: string, spell: { failingSince: Date | null; calmSince: Date | null }): Promise<void> {
  await tx.promotionWatchRow.updateMany({ where: { operationId, endedAt: null }, data: { failingSince: spell.failingSince, calmSince: spell.calmSince } });
}

export async function saveDecision(tx: Transaction, operationId: string, decided: { at: Date; decision: "rollback" | "propose"; rollbackId: string | null; proposal: Proposal | null }): Promise<void> {
  await tx.promotionWatchRow.update({
    where: { operationId },
    data: { decidedAt: decided.at, decision: decided.decision, rollbackId: decided.rollbackId, ...(decided.proposal === null ? {} : { proposal: asJson(decided.proposal) }) },
  });
}

export async function saveProposal(tx: Transaction, operationId: string, proposal: Proposal): Promise<void> {
  await tx.promotionWatchRow.update({ where: { operationId }, data: { proposal: asJson(proposal) } });
}

export async function endWatch(tx: Transaction, operationId: string, at: Date, outcome: "passed" | "recovered" | "rolled-back" | "superseded"): Promise<void> {
  await tx.promotionWatchRow.updateMany({ where: { operationId, endedAt: null }, data: { endedAt: at, outcome } });
}

/** Operations that were asked for in the environment after a promotion had ended, oldest first, without Vigie's own rollback of it. */
export async function operationsSince(db: Database | Transaction, watch: Pick<PromotionWatch, "operationId" | "environment" | "beganAt">): Promise<(Between["operations"][number] & { id: string })[]> {
  const rows = await db.operationRow.findMany({
    where: {
      environment: watch.environment, id: { not: watch.operationId },
      OR: [{ requestedAt: { gte: watch.beganAt } }, { startedAt: { gte: watch.beganAt } }],
      NOT: { followsId: watch.operationId, automatic: true, kind: "rollback" },
    },
    orderBy: { requestedAt: "asc" },
    select: { id: true, kind: true, title: true, actor: true, status: true, automatic: true },
  });
  return rows.map((row) => ({ ...row, actor: storedActor(row).name }));
}

/** The proposal that stands in an environment now. */
export async function openProposal(db: Database | Transaction, environment: string): Promise<Proposal | null> {
  const row = await db.promotionWatchRow.findFirst({ where: { environment, endedAt: null }, orderBy: { beganAt: "desc" } });
  return row === null ? null : toWatch(row).proposal;
}

import { randomUUID } from "node:crypto";
import { appendAudit } from "#lib/db/audit.ts";
import type { Transaction } from "#lib/db/client.ts";
import { planSchema } from "#lib/contracts/operation.ts";
import { lockWatch, operationsSince, saveDecision } from "#lib/db/repositories/promotion-watch.ts";
import type { PromotionWatch, Proposal } from "#lib/db/repositories/promotion-watch.ts";
import { recordFacts } from "#lib/db/repositories/rollback-readiness.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { templateOf } from "#lib/domain/fold-read.ts";
import { cameBetween, failureSentence } from "#lib/domain/promotion-watch.ts";
import type { Sample, Spell, Verdict } from "#lib/domain/promotion-watch.ts";
import { declaredIrreversible } from "#lib/domain/release.ts";
import { releaseBefore } from "#lib/domain/rollback-readiness.ts";
import type { EnvironmentView } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { requestAutomatic, vigieActor } from "#lib/services/operation/request-automatic.ts";
import { buildPlan } from "#lib/services/plan/build.ts";
import type { BuiltPlan } from "#lib/services/plan/build.ts";
import { assessReversible } from "#lib/services/readiness/assess.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** Above every person's promotion; a rollback that somebody asked for came in between and is not competed with. */

export interface WayBack {
  release: number | null;
  /** Why it must not be gone by itself; null when nothing speaks against it. */
  obstacle: string | null;
}

/** The release before a promotion, and what is known to stand in the way, from the records alone. */
export async function wayBackOf({ db }: Pick<ServiceContext, "db">, watch: PromotionWatch, view: Pick<EnvironmentView, "workload">): Promise<WayBack> {
  const promotion = await db.operationRow.findUniqueOrThrow({ where: { id: watch.operationId }, select: { plan: true } });
  const facts = await recordFacts(db, watch.environment);
  const target = releaseBefore(facts.records, { promotedFrom: watch.promotedFrom, ranBefore: planSchema.parse(promotion.plan).currentRelease, broughtImages: watch.imagesHash, current: facts.current, quarantined: facts.quarantined });
  if (target === null) return { release: null, obstacle: null };
  const declared = watch.bigPods.flatMap((bigPod) => {
    const workload = view.workload(bigPod);
    const text = workload === undefined ? null : (declaredIrreversible(workload.metadata) ?? declaredIrreversible(templateOf(workload)["metadata"]));
    return text === null ? [] : [{ bigPod, text }];
  });
  const reversible = await assessReversible(db, watch.environment, facts, target, declared);
  if (reversible.verdict !== "ready") return { release: target.number, obstacle: reversible.sentence };
  const looked = await db.rollbackReadinessRow.findUnique({ where: { environment: watch.environment } });
  const known = looked !== null && looked.release === target.number && looked.verdict === "not-ready" && looked.checkedAt >= watch.beganAt;
  return { release: target.number, obstacle: known ? looked.sentence.replace(/[.]$/, "") : null };
}

export interface Decision {
  watch: PromotionWatch;
  sample: Sample;
  spell: Spell;
  verdict: Exclude<Verdict, { do: "nothing" }>;
  back: WayBack;
  now: Date;
  token: LeaseToken;
}

/** Does what the verdict says, once, in one transaction. False: nothing was decided (the world moved, or cannot be seen); the next look judges anew. */
export async function decide(context: ServiceContext, decision: Decision): Promise<boolean> {
  const { watch, verdict, back } = decision;
  if (verdict.do === "propose" || back.release === null) return propose(context, decision, verdict.do === "propose" ? verdict.because : null);
  if (back.obstacle !== null) return propose(context, decision, `Vigie does not roll back by itself: ${back.obstacle}`);
  let built: BuiltPlan;
  try {
    built = await buildPlan(context, { kind: "rollback", environment: watch.environment, release: back.release, bigPods: watch.bigPods });
  } catch (error) {
    if (!isVigieError(error)) throw error;
    return propose(context, decision, `Vigie cannot roll back by itself: ${error.message.replace(/[.]$/, "")}`);
  }
  if (built.plan.start.how === "now") return rollBack(context, decision, built);
  const held = built.plan.gates.filter((gate) => gate.verdict !== "pass");
  // What nobody can see now, or has another operation at work, is judged anew at the next look.
  if (held.some((gate) => gate.verdict !== "fail" || gate.name === "nothing-else-runs")) return false;
  return propose(context, decision, `Vigie cannot roll back by itself: ${held.map((gate) => gate.evidence).join("; ")}`);
}

async function rollBack(context: ServiceContext, decision: Decision, built: BuiltPlan): Promise<boolean> {
  const { watch, token, back } = decision;
  const sentence = sentenceOf(decision, null, true);
  const requested = await requestAutomatic(context, {
    stored: built,
    reason: sentence.slice(0, 500),
    followsId: watch.operationId,
    key: `rollback-after:${watch.operationId}`,
    async before(tx) {
      await assertLease(tx, token);
      const current = await lockWatch(tx, watch.operationId);
      // Asked once more under the lock: whoever came in the last moment has their way.
      return current !== null && current.decision === null && cameBetween({ operations: await operationsSince(tx, watch), edited: [] }) === null;
    },
    async also(tx, operationId, at) {
      await quarantine(tx, watch, sentence, operationId);
      await saveDecision(tx, watch.operationId, { at, decision: "rollback", rollbackId: operationId, proposal: null });
      await audit(tx, decision, sentence, { decision: "rollback", rollback: operationId, release: back.release });
    },
  }).catch((error: unknown) => {
    if (isVigieError(error) && error.code === "conflict") return null;
    throw error;
  });
  if (requested !== null) context.log.warn({ promotion: watch.operationId, rollback: requested.id, release: back.release }, sentence);
  return requested !== null;
}

async function propose(context: ServiceContext, decision: Decision, because: string | null): Promise<boolean> {
  const { watch, sample, back, now, token } = decision;
  const sentence = sentenceOf(decision, because, false);
  const obstacle = back.obstacle === null || because !== null ? [] : [`In the way: ${back.obstacle}.`];
  const evidence = [...(sample.kind === "failing" ? sample.evidence : []), ...obstacle].slice(0, 20);
  const proposal: Proposal = { operationId: watch.operationId, release: back.release, sentence, evidence, at: now.toISOString() };
  return context.db.$transaction(async (tx) => {
    await assertLease(tx, token);
    const current = await lockWatch(tx, watch.operationId);
    if (current === null || current.decision !== null) return false;
    await saveDecision(tx, watch.operationId, { at: now, decision: "propose", rollbackId: null, proposal });
    await audit(tx, decision, sentence, { decision: "propose", release: back.release });
    return true;
  });
}

function sentenceOf({ watch, sample, spell, back, now }: Decision, because: string | null, done: boolean): string {
  return failureSentence({ environment: watch.environment, release: watch.release, sample, back: back.release, promotedAt: watch.beganAt, failingSince: spell.failingSince ?? now, because, done });
}

async function audit(tx: Transaction, { watch, sample }: Decision, sentence: string, after: Record<string, unknown>): Promise<void> {
  await appendAudit(tx, {
    action: "watch.verdict",
    outcome: "failed",
    actor: vigieActor,
    environment: watch.environment,
    bigPods: watch.bigPods,
    operationId: watch.operationId,
    summary: sentence.slice(0, 2000),
    reason: null,
    before: { release: watch.release },
    after: { ...after, evidence: sample.kind === "failing" ? sample.evidence : [] },
  });
}

/** The release that failed is promoted by nobody until somebody lifts that with a reason. One that is there already stays as it is. */
async function quarantine(tx: Transaction, watch: PromotionWatch, reason: string, operationId: string): Promise<void> {
  if (watch.release === null || watch.imagesHash === null) return;
  const added = await tx.$executeRaw`
    INSERT INTO quarantine (id, images_hash, release, environment, reason, operation_id, at)
    VALUES (${randomUUID()}, ${watch.imagesHash}, ${watch.release}, ${watch.environment}, ${reason}, ${watch.operationId}, clock_timestamp())
    ON CONFLICT (environment, images_hash) WHERE lifted_at IS NULL DO NOTHING`;
  if (added === 0) return;
  await appendAudit(tx, {
    action: "quarantine.add", outcome: "succeeded", actor: vigieActor, environment: watch.environment, bigPods: watch.bigPods, operationId,
    summary: `R-${watch.release} is in quarantine in ${watch.environment}`, reason: reason.slice(0, 2000), before: null, after: { release: watch.release },
  });
}

import { beginWatch } from "#lib/db/repositories/promotion-watch.ts";
import type { Transaction } from "#lib/db/client.ts";
import { touchesNothing } from "#lib/domain/operation-write.ts";
import { marksOf } from "#lib/worker/after-promotion/marks.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/** Begins the watch of a promotion in the transaction that ends it as succeeded: no promotion without its watch, whatever dies next. */
export async function watchPromotion(tx: Transaction, run: Pick<Run, "config" | "environment" | "journal" | "view">, at: Date): Promise<void> {
  const { operation } = run.journal;
  const { watchMinutes, mode } = run.environment.policy.watch;
  if (operation.kind !== "promotion" || watchMinutes === 0) return;
  const bigPods = run.journal.targets().filter((target) => !touchesNothing(target)).map((target) => target.bigPod);
  if (bigPods.length === 0) return;
  const { release } = operation.plan;
  const number = release === null ? null : await tx.releaseNumber.findUnique({ where: { number: release }, select: { imagesHash: true } });
  const began = await tx.operationRow.findUniqueOrThrow({ where: { id: operation.id }, select: { startedAt: true } });
  await beginWatch(tx, {
    operationId: operation.id, environment: operation.environment, release, imagesHash: number?.imagesHash ?? null, bigPods, mode,
    promotedFrom: began.startedAt ?? at, beganAt: at, until: new Date(at.getTime() + watchMinutes * 60_000), marks: marksOf(run.config, run.view),
  });
}

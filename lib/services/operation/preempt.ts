import type { Actor } from "#lib/contracts/actor.ts";
import type { Plan } from "#lib/contracts/operation.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";

/**
 * A rollback asked for while a promotion runs: the promotion is told to abort, which returns what it changed, and the rollback is refused
 * with that answer. It is not queued behind it: its plan was made against a world that the return is about to change, and a confirmation
 * only ever covers what was shown. Always throws VigieError "conflict" ("denied" when the actor may not abort).
 */
export async function preemptPromotion(context: ServiceContext, actor: Actor, plan: Plan, promotionId: string): Promise<never> {
  const promotion = await abortOperation(context, actor, promotionId);
  throw new VigieError("conflict", `A promotion was running in ${plan.environment}: it is being aborted for this rollback, and what it changed goes back. Plan the rollback again when it has ended, if it is still needed.`, {
    detail: { operation: promotion.id, status: promotion.status, aborting: true },
  });
}

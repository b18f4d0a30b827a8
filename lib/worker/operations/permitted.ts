import { appendAudit } from "#lib/db/audit.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { whyNoLonger } from "#lib/services/operation/still-allowed.ts";
import type { Journal } from "#lib/worker/operations/journal.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";

/**
 * Asked before every write that goes forward: a role, a person or a token that was taken away since the operation was accepted stops its later
 * steps. Going back is never asked for: what was begun must be possible to undo. Throws StepFailed, after an `access.denied` entry.
 */
export async function permitted(context: Pick<ServiceContext, "db" | "config">, { operation, actor, targets }: Journal): Promise<void> {
  if (operation.kind === "stand-down") return; // Only Vigie asks for it.
  const action = `operation.request.${operation.kind}` as const;
  const why = await whyNoLonger(context, actor, action, operation.environment);
  if (why === null) return;
  const sentence = `${actor.kind === "token" ? "the API token " : ""}${actor.name} ${why}, so nothing more is changed`;
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "access.denied",
      outcome: "denied",
      actor,
      environment: operation.environment,
      bigPods: targets().map((target) => target.bigPod),
      operationId: operation.id,
      summary: `"${operation.title}" was stopped: ${sentence}`,
      reason: operation.reason,
      before: null,
      after: { action },
    }),
  );
  throw new StepFailed(sentence);
}

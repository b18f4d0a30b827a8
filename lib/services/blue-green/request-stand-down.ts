import { createHash, randomUUID } from "node:crypto";
import canonicalize from "canonicalize";
import { lockEnvironment } from "#lib/db/repositories/operation-queue.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { enqueueOperation, operationSender } from "#lib/db/queue.ts";
import { asJson, findOperation, storedTargets } from "#lib/db/repositories/operation.ts";
import { readEnvironmentFacts } from "#lib/db/repositories/plan.ts";
import { standDownPlan, standDownTargets } from "#lib/domain/colour-stand-down.ts";
import { VigieError } from "#lib/domain/error.ts";
import { operationSteps } from "#lib/domain/operation-steps.ts";
import { visibility } from "#lib/domain/plan-facts.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { effects } from "#lib/services/operation/effects.ts";

/** Vigie itself, as an actor. Nobody can sign in as it. */
const vigie = { kind: "system" as const, id: "vigie", name: "Vigie" };

/** `asked`: the operation was written. `nothing`: nothing is left to be scaled down. `later`: it cannot be told, or cannot be asked for, right now. */
export type StandDownOutcome = "asked" | "nothing" | "later";

/**
 * Asks for the stand-down that follows an operation which switched: operation, audit entry and job in one transaction, once for each operation however
 * many workers ask (index operation_follows_once). Does not authorise: Vigie asks by itself, and every write is judged against the cluster when it is
 * done. Throws VigieError "not-found" (operation).
 */
export async function requestStandDown(context: ServiceContext, followsId: string): Promise<StandDownOutcome> {
  const { db, config } = context;
  const row = await findOperation(db, followsId);
  if (row === null) throw new VigieError("not-found", `There is no operation ${followsId}.`);
  const switched = storedTargets(row);
  const facts = await readEnvironmentFacts(db, row.environment, config.bigPods.map((bigPod) => bigPod.name));
  if (switched.some((target) => !visibility(facts, target.bigPod).seen)) return "later";
  const targets = standDownTargets(switched, facts.states, facts.now);
  if (targets.length === 0) return "nothing";
  const hash = createHash("sha256").update(canonicalize({ version: 1, kind: "stand-down", environment: row.environment, follows: followsId, targets }) ?? "", "utf8").digest("hex");
  const plan = standDownPlan(row.environment, targets, facts.release?.number ?? null, hash, facts.now);
  const id = randomUUID();
  const policy = config.environments.find((environment) => environment.name === row.environment)?.policy ?? null;
  const sender = await operationSender(db);
  try {
    await db.$transaction(
      async (tx) => {
        await lockEnvironment(tx, row.environment);
        await tx.operationRow.create({
          data: {
            id, kind: plan.kind, environment: plan.environment, status: "queued", title: plan.title, reason: plan.suggestedReason, planHash: hash,
            plan: asJson(plan), targets: asJson(targets), actor: asJson(vigie), actorId: vigie.id, idempotencyKey: `stand-down/${followsId}`,
            requestedAt: await databaseNow(tx), position: 0n, followsId, automatic: true, priority: 0,
            steps: { create: operationSteps(plan, targets, policy).map((step) => ({ ...step, status: "pending", evidence: [] })) },
          },
        });
        await appendAudit(tx, {
          action: "operation.request",
          outcome: "allowed",
          actor: vigie,
          environment: plan.environment,
          bigPods: targets.map((target) => target.bigPod),
          operationId: id,
          summary: `Vigie asked by itself to ${plan.title.charAt(0).toLowerCase()}${plan.title.slice(1)}, after "${row.title}"`,
          reason: plan.suggestedReason,
          before: effects(plan, "from"),
          after: { ...effects(plan, "to"), planHash: hash, follows: followsId },
        });
        await enqueueOperation(tx, sender, id);
        const position = await nextPosition(tx);
        await tx.operationRow.update({ where: { id }, data: { position } });
        await publish(tx, "operation", id, position);
      },
      { maxWait: 8_000, timeout: 10_000 },
    );
    return "asked";
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "P2002")) throw error;
    // Another worker was faster, or the environment is busy: the next look finds out which.
    return "later";
  }
}

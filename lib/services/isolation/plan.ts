import type { PlanRequest } from "#lib/contracts/operation.ts";
import { readEnvironmentFacts } from "#lib/db/repositories/plan.ts";
import { nothingElseRuns, somethingChanges, targetVisible } from "#lib/domain/gate.ts";
import { draftIsolate, draftLift } from "#lib/domain/plan-isolation.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { PlanOptions, PlanParts } from "#lib/services/plan/build.ts";
import { operationInTheWay } from "#lib/services/plan/in-the-way.ts";
import { chosenBigPods, requireEnvironment } from "#lib/services/plan/names.ts";

/**
 * Parts of the plan that cuts a Big Pod off, or of the one that gives it back. Possible from any state; what only the cluster can say (other NetworkPolicies,
 * autoscalers) is looked at by its first step, before anything is changed. Throws VigieError "not-found".
 */
export async function buildIsolation({ config, db }: ServiceContext, request: Extract<PlanRequest, { kind: "isolate" | "lift-isolation" }>, options: PlanOptions = {}): Promise<PlanParts> {
  requireEnvironment(config, request.environment);
  const { chosen, all } = chosenBigPods(config, [request.bigPod]);
  const [target, active] = [await readEnvironmentFacts(db, request.environment, all), await operationInTheWay(db, request.environment, options)];
  const draft = request.kind === "isolate" ? draftIsolate(target, request.bigPod, request.how) : draftLift(target, request.bigPod);
  const otherwise = (draft.changes[0]?.how ?? "nothing would change").replace(/^not touched: /, `${request.bigPod}: `);
  return { draft, target, active, gates: [targetVisible(target, chosen), nothingElseRuns(target, active, false), somethingChanges(target, draft.targets.length, otherwise)] };
}

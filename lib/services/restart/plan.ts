import type { PlanRequest } from "#lib/contracts/operation.ts";
import { readEnvironmentFacts } from "#lib/db/repositories/plan.ts";
import { nothingElseRuns, somethingChanges, targetVisible } from "#lib/domain/gate.ts";
import { notIsolated } from "#lib/domain/plan-isolation.ts";
import { draftRestart } from "#lib/domain/plan-workload.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { PlanOptions, PlanParts } from "#lib/services/plan/build.ts";
import { operationInTheWay } from "#lib/services/plan/in-the-way.ts";
import { chosenBigPods, requireEnvironment } from "#lib/services/plan/names.ts";

/** Parts of a restart's plan. Possible from any state the target is in. Throws VigieError "not-found". */
export async function buildRestart({ config, db }: ServiceContext, request: Extract<PlanRequest, { kind: "restart" }>, options: PlanOptions = {}): Promise<PlanParts> {
  requireEnvironment(config, request.environment);
  const { chosen, all } = chosenBigPods(config, request.bigPods);
  const [target, active] = [await readEnvironmentFacts(db, request.environment, all), await operationInTheWay(db, request.environment, options)];
  const draft = draftRestart(target, chosen);
  return { draft, target, active, gates: [targetVisible(target, chosen), nothingElseRuns(target, active, false), somethingChanges(target, draft.targets.length, "nothing can be restarted"), ...notIsolated(target, chosen, "scale-to-zero")] };
}

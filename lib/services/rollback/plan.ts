import type { PlanRequest } from "#lib/contracts/operation.ts";
import { findRecordedRelease, readEnvironmentFacts, recordedNumbers } from "#lib/db/repositories/plan.ts";
import { VigieError } from "#lib/domain/error.ts";
import { nothingElseRuns, somethingChanges, targetVisible } from "#lib/domain/gate.ts";
import { draftRollback } from "#lib/domain/plan-rollback.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { PlanOptions, PlanParts } from "#lib/services/plan/build.ts";
import { operationInTheWay } from "#lib/services/plan/in-the-way.ts";
import { chosenBigPods, requireEnvironment } from "#lib/services/plan/names.ts";

/** Parts of a rollback's plan, from the release record alone: neither registry nor Git is asked. Throws VigieError "not-found". */
export async function buildRollback(context: ServiceContext, request: Extract<PlanRequest, { kind: "rollback" }>, options: PlanOptions = {}): Promise<PlanParts> {
  const { config, db } = context;
  requireEnvironment(config, request.environment);
  const { chosen, all } = chosenBigPods(config, request.bigPods);
  const [target, active] = [await readEnvironmentFacts(db, request.environment, all), await operationInTheWay(db, request.environment, options)];
  // Once the environment has drifted from its record, going back to that very record is a real wish.
  const current = target.release?.settled === true ? target.release.contentHash : null;
  const record = await findRecordedRelease(db, request.environment, request.release, current);
  if (record === null) {
    const numbers = await recordedNumbers(db, request.environment, 5);
    const known = numbers.length === 0 ? "none is recorded there yet" : `recorded are ${numbers.map((number) => `R-${number}`).join(", ")}`;
    throw new VigieError("not-found", `R-${request.release} was never seen settled in ${request.environment}, so there is nothing to restore: ${known}.`, { detail: { release: request.release } });
  }
  const draft = draftRollback(target, record, chosen, all);
  return {
    draft,
    target,
    active,
    gates: [
      targetVisible(target, chosen),
      nothingElseRuns(target, active, false),
      somethingChanges(target, draft.targets.length, `${request.environment} is as it was in R-${request.release}`),
    ],
  };
}

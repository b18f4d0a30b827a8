import type { PlanRequest } from "#lib/contracts/operation.ts";
import { readEnvironmentFacts } from "#lib/db/repositories/plan.ts";
import { activeQuarantine, promotedRelease } from "#lib/db/repositories/quarantine.ts";
import { promotesFrom } from "#lib/domain/config-rules.ts";
import { VigieError } from "#lib/domain/error.ts";
import { containersMatch, nothingElseRuns, somethingChanges, sourceHealthy, targetVisible } from "#lib/domain/gate.ts";
import { notQuarantined } from "#lib/domain/gate-quarantine.ts";
import { notIsolated } from "#lib/domain/plan-isolation.ts";
import { draftPromotion } from "#lib/domain/plan-promotion.ts";
import { policyBeforeGates } from "#lib/services/gate/before.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { PlanOptions, PlanParts } from "#lib/services/plan/build.ts";
import { operationInTheWay } from "#lib/services/plan/in-the-way.ts";
import { chosenBigPods, requireEnvironment } from "#lib/services/plan/names.ts";
import { inspectImages } from "#lib/services/promotion/inspect-images.ts";

/** Parts of a promotion's plan: what ran in the source, by digest, against what the target runs. Throws VigieError "not-found" and "invalid". */
export async function buildPromotion(context: ServiceContext, request: Extract<PlanRequest, { kind: "promotion" }>, options: PlanOptions = {}): Promise<PlanParts> {
  const { config, db } = context;
  requireEnvironment(config, request.from);
  const environment = requireEnvironment(config, request.to);
  const expected = promotesFrom(config, request.to);
  if (expected === null) throw new VigieError("invalid", `Nothing is promoted to ${request.to}: it is the first environment. Deploy there with your build.`);
  if (expected !== request.from) throw new VigieError("invalid", `${request.to} is promoted from ${expected}, not from ${request.from} (environments and policy.promotesFrom in vigie.yaml).`);
  const { chosen, all } = chosenBigPods(config, request.bigPods);
  const [source, target, active] = [await readEnvironmentFacts(db, request.from, all), await readEnvironmentFacts(db, request.to, all), await operationInTheWay(db, request.to, options)];
  const draft = draftPromotion(source, target, chosen, all);
  const changed = draft.targets.map((planned) => planned.bigPod);
  return {
    draft,
    target,
    active,
    gates: [
      targetVisible(target, chosen),
      nothingElseRuns(target, active, true),
      sourceHealthy(source, chosen),
      containersMatch(source, target, chosen),
      notQuarantined(target, await promotedRelease(db, source), await activeQuarantine(db, request.to)),
      await inspectImages(context, draft, target),
      somethingChanges(target, draft.targets.length, `${request.to} already runs the images of ${request.from}`),
      ...notIsolated(target, changed),
      ...(await policyBeforeGates(context, environment, { source, target, chosen, all, changed, approvalsGiven: options.approvalsGiven ?? 0, thorough: options.forOperation !== undefined })),
    ],
  };
}

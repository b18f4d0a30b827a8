import type { GateResult, PlanRequest } from "#lib/contracts/operation.ts";
import { findRecordedRelease, readEnvironmentFacts } from "#lib/db/repositories/plan.ts";
import { VigieError } from "#lib/domain/error.ts";
import { gate, nothingElseRuns, somethingChanges, sourceHealthy, targetVisible } from "#lib/domain/gate.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { draftRollback } from "#lib/domain/plan-rollback.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { PlanOptions, PlanParts } from "#lib/services/plan/build.ts";
import { operationInTheWay } from "#lib/services/plan/in-the-way.ts";
import { chosenBigPods, requireEnvironment } from "#lib/services/plan/names.ts";
import { assessReadiness } from "#lib/services/readiness/assess.ts";
import type { AssessedReadiness } from "#lib/services/readiness/assess.ts";

/**
 * Parts of a drill's plan: the rollback to the release before, and the return from it. Never in the last environment, and only where everything is well:
 * a rehearsal must not make anything worse. Throws VigieError "invalid" (last environment, strategy), "not-found".
 */
export async function buildDrill(context: ServiceContext, request: Extract<PlanRequest, { kind: "drill" }>, options: PlanOptions = {}): Promise<PlanParts> {
  const { config, db } = context;
  const environment = requireEnvironment(config, request.environment);
  if (config.environments.at(-1)?.name === environment.name) {
    const rehearse = config.environments.at(-2)?.name;
    throw new VigieError("invalid", `${environment.name} is the last environment: nothing is rehearsed there.${rehearse === undefined ? "" : ` Drill in ${rehearse}; its result stands beside the rollback of ${environment.name} too.`}`);
  }
  if (environment.policy.strategy.kind === "blue-green") {
    throw new VigieError("invalid", `${environment.name} is blue-green: its way back is a switch to the kept colour, which every promotion proves. Drill in an environment with rolling updates.`);
  }
  const { all } = chosenBigPods(config, undefined);
  const [target, active] = [await readEnvironmentFacts(db, environment.name, all), await operationInTheWay(db, environment.name, options)];
  const found = await assessReadiness(context, environment.name, { states: [...target.states.values()] });
  const record = found.release === null ? null : await findRecordedRelease(db, environment.name, found.release, target.release?.contentHash ?? null);
  const rollback = record === null ? null : draftRollback(target, record, all, all);
  const to = found.release === null ? "the release before" : `R-${found.release}`;
  const draft = {
    title: `Drill in ${environment.name}: roll back to ${to} and return`,
    from: null,
    release: found.release,
    changes: (rollback?.changes ?? []).map((change) => (change.effect === "unchanged" ? change : { ...change, how: `${change.how}; then given back what it runs now` })),
    targets: rollback?.targets ?? [],
    suggestedReason: `Prove the way back to ${to}`,
    notUndone: ["While it runs, the release before serves: what only the present one can read may fail for that time.", ...(rollback?.notUndone ?? [])],
  };
  return {
    draft,
    target,
    active,
    gates: [
      targetVisible(target, all),
      nothingElseRuns(target, active, true),
      { ...sourceHealthy(target, all), title: `${environment.name} is healthy` },
      wayBack(found, target),
      somethingChanges(target, draft.targets.length, `there is no earlier release to go back to in ${environment.name}, or it differs in nothing`),
    ],
  };
}

/** A drill is for what should work: a way back that is known not to is mended, not rehearsed. */
function wayBack(found: AssessedReadiness, target: EnvironmentFacts): GateResult {
  const verdict = found.verdict === "not-ready" ? "fail" : found.images.verdict === "unsure" ? "error" : "pass";
  return gate("reversible", verdict, found.sentence.replace(/[.]$/, ""), target.now);
}

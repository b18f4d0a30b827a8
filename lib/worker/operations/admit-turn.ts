import { setTimeout as wait } from "node:timers/promises";
import type { EnvironmentPolicy } from "#lib/contracts/config.ts";
import type { GateResult, Plan } from "#lib/contracts/operation.ts";
import { planRequestSchema, planSchema } from "#lib/contracts/operation.ts";
import { plannedImages } from "#lib/db/repositories/plan.ts";
import type { StoredPlan } from "#lib/db/repositories/plan.ts";
import { storedTargets } from "#lib/db/repositories/operation.ts";
import { breakGlassMinutes, findBreakGlass, storedOpener } from "#lib/db/repositories/break-glass.ts";
import type { OperationRow } from "#lib/db/repositories/operation.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { operationSteps } from "#lib/domain/operation-steps.ts";
import { bindingDifference, turnTargets } from "#lib/domain/plan-binding.ts";
import { validApprovals } from "#lib/services/approval/valid.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { whyNoLonger } from "#lib/services/operation/still-allowed.ts";
import { buildPlan, storedBinding } from "#lib/services/plan/build.ts";
import type { BuiltPlan } from "#lib/services/plan/build.ts";
import type { Journal } from "#lib/worker/operations/journal.ts";
import type { ClaimKeeper } from "#lib/worker/operations/lease.ts";

/** What cannot be known may become known (an observer that is just coming back, a registry that is slow), so it is asked again for this long. */
const patienceMs = 20_000;
const againMs = 1_000;

/** What the turn came to. `ended` covers all that leave nothing to run: refused, put back, nothing to do, aborted. */
export type TurnOutcome = "begun" | "ended";

/**
 * Judges an operation whose turn has come, before its first step: makes its plan again from its request and compares. It begins with the targets that were
 * shown, or with fresh ones where that changes nothing of what was confirmed; otherwise it is refused, or waits for the next window. Nothing is changed here.
 */
export async function takeTurn(context: ServiceContext, journal: Journal, keeper: ClaimKeeper): Promise<TurnOutcome> {
  const row = journal.row;
  const until = performance.now() + patienceMs;
  for (;;) {
    const by = (await abortAsked(context, row.id)) ?? keeper.abortRequestedBy();
    if (by !== null) {
      await journal.end("aborted", `Aborted by ${by} before anything was changed.`);
      return "ended";
    }
    if (row.kind === "stand-down") {
      // Asked for by Vigie itself and without a request to plan from: its own steps look whether the colour is still idle.
      await journal.begin();
      return "begun";
    }
    const why = await whyNoLonger(context, journal.actor, `operation.request.${journal.operation.kind as Exclude<Plan["kind"], "stand-down">}`, row.environment);
    if (why !== null) return refuse(journal, `${journal.actor.kind === "token" ? "The API token " : ""}${journal.actor.name} ${why}`, {});
    const built = await build(context, row);
    if ("sentence" in built) return refuse(journal, built.sentence, {});
    if (unsure(built.plan) && performance.now() < until) {
      await wait(againMs, undefined, { signal: keeper.lost }).catch(() => Promise.reject(keeper.lost.reason));
      continue;
    }
    return judge(journal, built, context.config.environments.find((environment) => environment.name === row.environment)?.policy ?? null);
  }
}

async function judge(journal: Journal, built: BuiltPlan, policy: EnvironmentPolicy | null): Promise<TurnOutcome> {
  const row = journal.row;
  const stored = storedPlan(row);
  const { plan } = built;
  const preempted = row.kind === "rollback" && row.followsId !== null && !row.automatic;
  if (row.kind === "rollback" && built.targets.length === 0 && failing(plan.gates).every((gate) => gate.name === "something-changes")) {
    await journal.begin({ targets: [], gates: plan.gates, steps: null });
    await journal.end("succeeded", `Nothing had to be changed any more: ${plan.gates.find((gate) => gate.name === "something-changes")?.evidence ?? "it is as recorded"}.`);
    return "ended";
  }
  const shown = storedBinding(stored);
  const use = turnTargets(shown, built.binding, built.facts, { waited: waited(row, stored.plan), preempted });
  if (use === null) {
    const difference = bindingDifference(shown, built.binding);
    return refuse(journal, `The world has moved since this was asked for: ${difference.slice(0, 3).join("; ")}`, { difference, gates: plan.gates });
  }
  const window = plan.start.waits.find((one) => one.for === "window");
  if (plan.start.how === "waits" && window?.until !== undefined && window.until !== null) {
    await journal.postpone(new Date(window.until), `Its window had closed again when its turn came (${window.sentence}): it begins when the next one opens.`, plan.gates);
    return "ended";
  }
  if (plan.start.how !== "now") return refuse(journal, gateSentence(plan), { gates: plan.gates });
  const targets = use === "shown" ? stored.targets : built.targets;
  const steps = operationSteps(plan, targets, policy);
  const same = JSON.stringify(steps.map((step) => [step.name, step.bigPod])) === JSON.stringify(journal.steps().map((step) => [step.name, step.bigPod]));
  await journal.begin({ targets, gates: plan.gates, steps: same ? null : steps });
  return "begun";
}

async function build(context: ServiceContext, row: OperationRow): Promise<BuiltPlan | { sentence: string }> {
  try {
    const given = row.approvalsRequired === 0 ? 0 : (await validApprovals(context, row)).length;
    const opened = row.breakGlassId === null ? null : await findBreakGlass(context.db, row.breakGlassId);
    // It was open when this was asked for, and holds for that however late the turn comes.
    const breakGlass = opened === null ? null : { id: opened.id, by: storedOpener(opened).name, expiresAt: new Date(context.clock.now().getTime() + breakGlassMinutes * 60_000) };
    return await buildPlan(context, planRequestSchema.parse(row.request), { approvalsGiven: given, breakGlass, forOperation: row.id });
  } catch (error) {
    if (isVigieError(error) && error.code !== "unavailable") return { sentence: error.message };
    throw error;
  }
}

async function refuse(journal: Journal, sentence: string, found: { gates?: readonly GateResult[]; difference?: readonly string[] }): Promise<TurnOutcome> {
  await journal.refuse(`${sentence.replace(/[.]$/, "")}. Nothing was changed.`, found);
  return "ended";
}

const failing = (gates: readonly GateResult[]): GateResult[] => gates.filter((gate) => gate.verdict !== "pass" && !gate.overruled);

/** Gates about what Vigie sees, which it may see again in a moment. What is measured (metrics, smoke checks) has its own patience. */
const sight: readonly GateResult["name"][] = ["target-visible", "source-healthy", "containers-match", "images-present", "no-incident"];

/** Nothing is decided by what nobody knows, and an environment that has just been brought back may need a moment to be seen as settled. */
function unsure(plan: Plan): boolean {
  return failing(plan.gates).some((gate) => (gate.verdict !== "fail" && sight.includes(gate.name)) || gate.name === "nothing-else-runs");
}

function gateSentence(plan: Plan): string {
  const approvals = plan.start.waits.find((one) => one.for === "approvals");
  if (plan.start.how === "waits" && approvals !== undefined) return `An approval ran out, or was given by somebody who may not approve any more: ${approvals.sentence}`;
  return `Not every gate passes any more: ${failing(plan.gates).map((gate) => `${gate.title}: ${gate.verdict}, ${gate.evidence}`).join("; ")}`;
}

function storedPlan(row: OperationRow): StoredPlan {
  return { plan: planSchema.parse(row.plan), targets: storedTargets(row), images: plannedImages(row.images), request: planRequestSchema.parse(row.request) };
}

/** What was accepted to wait, or was put back since. */
function waited(row: OperationRow, plan: Plan): boolean {
  return plan.start.how === "waits" || row.notBefore !== null;
}

async function abortAsked({ db }: ServiceContext, id: string): Promise<string | null> {
  return (await db.operationRow.findUnique({ where: { id }, select: { abortRequestedBy: true } }))?.abortRequestedBy ?? null;
}

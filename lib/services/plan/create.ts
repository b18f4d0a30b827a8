import type { Actor } from "#lib/contracts/actor.ts";
import { planRequestSchema } from "#lib/contracts/operation.ts";
import type { Plan, PlanRequest } from "#lib/contracts/operation.ts";
import { activeBreakGlassOf } from "#lib/db/repositories/break-glass.ts";
import { storePlan } from "#lib/db/repositories/plan.ts";
import { incidentReason } from "#lib/domain/remedies.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readIncident } from "#lib/services/incident/of-big-pod.ts";
import { buildPlan } from "#lib/services/plan/build.ts";

/**
 * Makes a plan and keeps it for ten minutes. Nothing is changed: the facts are the worker's, in the database, and gates of policy ask
 * reading only (Prometheus, pods, allowed addresses). The dry run of a promotion, therefore.
 * A preview is not audited (it has no effect, and every open dialog makes some); a denied attempt is.
 * Throws VigieError "denied", "invalid" (parts that do not fit each other), "not-found" (names, releases).
 */
export async function createPlan(context: ServiceContext, actor: Actor, request: PlanRequest, { incident = null }: { /** Number of the incident it is made from: it suggests the reason. */ incident?: number | null } = {}): Promise<Plan> {
  const environment = request.kind === "promotion" ? request.to : request.environment;
  await authorise(context, actor, `plan.${request.kind}`, environment, `plan a ${request.kind}`);
  if (request.kind === "promotion") await authorise(context, actor, "state.read", request.from, `read what would be promoted`);
  const built = await buildPlan(context, planRequestSchema.parse(request), { breakGlass: await activeBreakGlassOf(context.db, environment, actor.id) });
  const from = incident === null ? null : await readIncident(context.db, { number: incident, environment });
  const plan = from === null ? built.plan : { ...built.plan, suggestedReason: incidentReason(from, new Date(built.plan.createdAt)) };
  await storePlan(context.db, { ...built, plan }, actor.id);
  return plan;
}

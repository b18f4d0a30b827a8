import type { Actor } from "#lib/contracts/actor.ts";
import type { IncidentNumbers, IncidentNumbersQuery } from "#lib/contracts/incident.ts";
import { databaseNow } from "#lib/db/client.ts";
import { readDeploymentFacts, readIncidentFacts } from "#lib/db/repositories/incident-numbers.ts";
import { isAllowed } from "#lib/domain/access.ts";
import { incidentNumbers } from "#lib/domain/incident-numbers.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const dayMs = 24 * 3_600_000;

/** Time to acknowledge, to resolve, failed-deployment recovery time and change failure rate of the last `days`, over the environments the actor may see. Throws VigieError "denied". */
export async function readIncidentNumbers(context: ServiceContext, actor: Actor, query: IncidentNumbersQuery): Promise<IncidentNumbers> {
  await authorise(context, actor, "incident.read", query.environment ?? null, "read the numbers of incidents");
  const environments = query.environment !== undefined ? [query.environment] : context.config.environments.map((environment) => environment.name).filter((name) => isAllowed(actor.grants, "incident.read", name));
  const to = await databaseNow(context.db);
  const scope = { environments, bigPod: query.bigPod ?? null, from: new Date(to.getTime() - query.days * dayMs) };
  const [incidents, deployments] = await Promise.all([readIncidentFacts(context.db, scope), readDeploymentFacts(context.db, scope)]);
  return { environment: query.environment ?? null, bigPod: scope.bigPod, days: query.days, from: scope.from.toISOString(), to: to.toISOString(), numbers: incidentNumbers(incidents, deployments) };
}

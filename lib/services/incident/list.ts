import type { Actor } from "#lib/contracts/actor.ts";
import type { IncidentList, IncidentQuery } from "#lib/contracts/incident.ts";
import { readIncidents } from "#lib/db/repositories/incident.ts";
import { isAllowed } from "#lib/domain/access.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const statuses = { open: ["open", "acknowledged"], resolved: ["resolved", "merged"], all: ["open", "acknowledged", "resolved", "merged"] };

/** Incidents of the environments the actor may see, newest first, by keyset: `next` goes into `before`, null on the last page. Throws VigieError "denied". */
export async function listIncidents(context: ServiceContext, actor: Actor, query: IncidentQuery): Promise<IncidentList> {
  await authorise(context, actor, "incident.read", query.environment ?? null, "list incidents");
  const readable = context.config.environments.map((environment) => environment.name).filter((name) => isAllowed(actor.grants, "incident.read", name));
  const where = {
    environment: query.environment ?? { in: readable },
    status: { in: statuses[query.status] },
    ...(query.bigPod === undefined ? {} : { bigPod: query.bigPod }),
    ...(query.severity === undefined ? {} : { severity: query.severity }),
    ...(query.before === undefined ? {} : { number: { lt: query.before } }),
  };
  const page = (await readIncidents(context.db, { where, limit: query.limit + 1 })).map(({ incident }) => incident);
  const incidents = page.slice(0, query.limit);
  return { incidents, next: page.length > query.limit ? (incidents.at(-1)?.number ?? null) : null };
}

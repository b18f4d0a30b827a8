import type { Actor } from "#lib/contracts/actor.ts";
import type { Incident } from "#lib/contracts/incident.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assembleIncident } from "#lib/services/incident/assemble.ts";
import { findIncident } from "#lib/services/incident/find.ts";

/** One incident with signals, suspects, remedies, runbooks, evidence and the first page of its timeline. Throws VigieError "not-found", "denied". */
export async function readIncident(context: ServiceContext, actor: Actor, number: string | number): Promise<Incident> {
  return assembleIncident(context, actor, await findIncident(context, actor, number, "incident.read", (row) => `read incident ${row.number}`));
}

import type { Actor } from "#lib/contracts/actor.ts";
import type { TimelinePage, TimelineQuery } from "#lib/contracts/incident.ts";
import { readTimelinePage } from "#lib/db/repositories/incident-read.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { findIncident } from "#lib/services/incident/find.ts";

/** A page of an incident's timeline, newest first, by keyset: `next` goes into `before`, null on the last page. Throws VigieError "not-found", "denied". */
export async function readTimeline(context: ServiceContext, actor: Actor, number: string | number, query: TimelineQuery): Promise<TimelinePage> {
  const row = await findIncident(context, actor, number, "incident.read", (found) => `read incident ${found.number}`);
  return readTimelinePage(context.db, row.id, query);
}

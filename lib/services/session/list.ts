import type { Actor } from "#lib/contracts/actor.ts";
import type { Session } from "#lib/contracts/session.ts";
import { listedSessions } from "#lib/db/repositories/session.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Sessions that are not over, used last first: a person's own; with a token, which is nobody's browser, everybody's, for admins. Throws VigieError "denied". */
export async function listSessions(context: ServiceContext, actor: Actor): Promise<Session[]> {
  const own = actor.kind === "person";
  await authorise(context, actor, own ? "session.read" : "session.manage", null, own ? "see your sessions" : "see who is signed in");
  const rows = await listedSessions(context.db, own ? actor.id : null, context.config.access.sessionIdleHours);
  return rows.map((row) => ({
    id: row.id, personId: row.userId, person: row.person, device: row.device ?? "A browser", address: row.address ?? "an unknown address", provider: row.provider,
    firstSeenAt: row.createdAt.toISOString(), lastUsedAt: row.seenAt.toISOString(), expiresAt: row.expiresAt.toISOString(), current: row.id === actor.session?.id,
  }));
}

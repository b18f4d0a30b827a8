import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { deleteSessions, listedSessions } from "#lib/db/repositories/session.ts";
import type { ListedSession } from "#lib/db/repositories/session.ts";
import type { Transaction } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * Ends one session at once, for every tab and every copy of its cookie: a person's own, or with an admin's token anybody's. Another person's session does not
 * exist for a person. Throws VigieError "denied", "not-found".
 */
export async function revokeSession(context: ServiceContext, actor: Actor, id: string): Promise<void> {
  const own = actor.kind === "person";
  await authorise(context, actor, own ? "session.revoke" : "session.manage", null, "end a session");
  await context.db.$transaction(async (tx) => {
    const session = (await listedSessions(tx, own ? actor.id : null, context.config.access.sessionIdleHours)).find((known) => known.id === id);
    if (session === undefined) throw new VigieError("not-found", "There is no such session, or it has ended already.", { detail: { id } });
    await end(tx, actor, [session]);
  });
}

/** Ends all sessions of the person but the one they act in; how many. Throws VigieError "denied", also for tokens, which have none. */
export async function revokeOtherSessions(context: ServiceContext, actor: Actor): Promise<number> {
  await authorise(context, actor, "session.revoke", null, "end your other sessions");
  if (actor.kind !== "person" || actor.session === undefined) throw new VigieError("denied", "Only a person who is signed in has sessions. End one by its id.");
  const { id } = actor.session;
  return context.db.$transaction(async (tx) => end(tx, actor, (await listedSessions(tx, actor.id, context.config.access.sessionIdleHours)).filter((session) => session.id !== id)));
}

/** One entry per session that this call ended. */
async function end(tx: Transaction, actor: Actor, sessions: readonly ListedSession[]): Promise<number> {
  const ended = new Set(await deleteSessions(tx, sessions.map(({ id }) => id)));
  for (const session of sessions) {
    if (!ended.has(session.id)) continue;
    const whose = session.userId === actor.id ? "a session of their own" : `a session of ${session.person}`;
    await appendAudit(tx, {
      action: "session.revoke", outcome: "succeeded", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} ended ${whose}: ${session.device ?? "a browser"}, from ${session.address ?? "an unknown address"}`, reason: null,
      before: { person: session.person, device: session.device, address: session.address, firstSeenAt: session.createdAt.toISOString(), lastUsedAt: session.seenAt.toISOString() }, after: null,
    });
  }
  return ended.size;
}

import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { deleteSession, findSession } from "#lib/db/repositories/session.ts";
import { resolveGrants } from "#lib/services/access/resolve.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { personName } from "#lib/services/session/person-name.ts";

export interface SignedIn {
  actor: Actor;
  /** Absolute limit of the session (or token). */
  sessionExpiresAt: Date;
}

/**
 * Who holds this session token now, with the grants that the configuration gives them now; null when it is over.
 * A session of somebody who was disabled or holds no role any more ends here, with an entry.
 * `use: false` asks without counting as use: an open tab alone must not keep a session from becoming idle. `address`: where the use came from.
 */
export async function readSession(context: ServiceContext, token: string, { use = true, address = null }: { use?: boolean; address?: string | null } = {}): Promise<SignedIn | null> {
  if (token.length > 200) return null;
  const session = await findSession(context.db, token, context.config.access.sessionIdleHours, use ? { address } : null);
  if (session === null) return null;
  const { user } = session;
  const grants = user.disabledAt === null ? resolveGrants(context.config.access, { ...user, emailVerified: user.emailVerified !== null }) : [];
  const name = personName(user);
  if (grants.length === 0) {
    await context.db.$transaction(async (tx) => {
      if ((await deleteSession(tx, token)) === null) return;
      const why = user.disabledAt === null ? "they hold no role any more" : "their access was ended";
      await appendAudit(tx, { action: "session.denied", outcome: "denied", actor: { kind: "person", id: user.id, name }, environment: null, bigPods: [], operationId: null, summary: `The session of ${name} was ended: ${why}`, reason: null, before: null, after: null });
    });
    return null;
  }
  const { id, provider, authenticatedAt, expiresAt } = session;
  return {
    actor: { kind: "person", id: user.id, name, grants: grants.map((grant) => ({ role: grant.role, environments: grant.environments === "*" ? "*" : [...grant.environments] })), session: { id, provider, authenticatedAt: authenticatedAt?.toISOString() ?? null } },
    sessionExpiresAt: expiresAt,
  };
}

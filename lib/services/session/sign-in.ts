import { appendAudit } from "#lib/db/audit.ts";
import { deleteSession, insertSession } from "#lib/db/repositories/session.ts";
import { clearUser, findUser, saveUser } from "#lib/db/repositories/user.ts";
import type { Person } from "#lib/contracts/person.ts";
import { deviceWords } from "#lib/domain/device-words.ts";
import type { SignInRefusal } from "#lib/domain/sign-in-refusal.ts";
import type { SessionBegun, SignInStore } from "#lib/ports/identity.ts";
import { resolveGrants } from "#lib/services/access/resolve.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { endSession } from "#lib/services/session/end.ts";
import { personName } from "#lib/services/session/person-name.ts";

/** Where somebody signs in from, as they see it in the list of their sessions. */
export interface SignInOrigin {
  device: string;
  address: string;
}

/**
 * The database's side of signing in. A person without a role is not let in, and nothing about them is kept but the audit entry. Of somebody known, what the
 * provider says now is kept also when it refuses them: sessions they have elsewhere hold no more than that.
 */
export function createSignInStore(context: ServiceContext, origin: SignInOrigin = { device: deviceWords(null), address: "an unknown address" }): SignInStore {
  return {
    signIn: (provider, person) => signIn(context, provider, person),
    left: (provider, subject) => context.db.$transaction((tx) => clearUser(tx, provider, subject)),
    userOf: (provider, subject) => findUser(context.db, provider, subject),
    createSession: (userId, token, begun) => beginSession(context, userId, token, begun, origin),
    endSession: (token) => endSession(context, token),
  };
}

async function signIn(context: ServiceContext, provider: string, person: Person): Promise<{ userId: string } | { refused: SignInRefusal }> {
  const known = await findUser(context.db, provider, person.subject);
  const refused: SignInRefusal | null = known?.disabledAt ? "disabled" : resolveGrants(context.config.access, person).length === 0 ? "no-role" : null;
  if (refused !== null) {
    if (known !== null) await context.db.$transaction((tx) => saveUser(tx, provider, person));
    const name = person.name ?? person.email ?? person.subject;
    const why = refused === "disabled" ? "their access was ended" : "they hold no role";
    const actor = { kind: "person" as const, id: known?.id ?? `${provider}:${person.subject}`, name };
    await recordRefusal(context, { action: "session.denied", actor, summary: `${name} was not let in: ${why}`, after: { provider, refused } });
    return { refused };
  }
  const user = await context.db.$transaction((tx) => saveUser(tx, provider, person));
  return { userId: user.id };
}

async function beginSession(context: ServiceContext, userId: string, token: string, { provider, replacesToken, authenticatedAt }: SessionBegun, origin: SignInOrigin): Promise<{ expiresAt: Date }> {
  const { sessionIdleHours, sessionMaximumHours } = context.config.access;
  return context.db.$transaction(async (tx) => {
    if (replacesToken !== null) await deleteSession(tx, replacesToken);
    const expiresAt = await insertSession(tx, userId, token, { provider, authenticatedAt, ...origin }, { idleHours: sessionIdleHours, maximumHours: sessionMaximumHours });
    const user = await tx.userRow.findUniqueOrThrow({ where: { id: userId } });
    const name = personName(user);
    const grants = resolveGrants(context.config.access, { ...user, emailVerified: user.emailVerified !== null });
    await appendAudit(tx, {
      action: "session.sign-in", outcome: "succeeded", actor: { kind: "person", id: user.id, name }, environment: null, bigPods: [], operationId: null,
      summary: `${name} signed in`, reason: null, before: null, after: { provider, roles: [...new Set(grants.map((grant) => grant.role))] },
    });
    return { expiresAt };
  });
}

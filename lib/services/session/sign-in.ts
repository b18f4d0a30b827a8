import { appendAudit } from "#lib/db/audit.ts";
import { deleteSession, findUser, insertSession, saveUser } from "#lib/db/repositories/user.ts";
import type { Person } from "#lib/contracts/person.ts";
import type { SignInRefusal } from "#lib/domain/sign-in-refusal.ts";
import type { SignInStore } from "#lib/ports/identity.ts";
import { resolveGrants } from "#lib/services/access/resolve.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { endSession } from "#lib/services/session/end.ts";
import { personName } from "#lib/services/session/person-name.ts";

/** The database's side of signing in. A person without a role is not let in, and nothing about them is kept but the audit entry. */
export function createSignInStore(context: ServiceContext): SignInStore {
  return {
    signIn: (provider, person) => signIn(context, provider, person),
    userOf: (provider, subject) => findUser(context.db, provider, subject),
    createSession: (userId, token, provider, replacesToken) => beginSession(context, userId, token, provider, replacesToken),
    endSession: (token) => endSession(context, token),
  };
}

async function signIn(context: ServiceContext, provider: string, person: Person): Promise<{ userId: string } | { refused: SignInRefusal }> {
  const known = await findUser(context.db, provider, person.subject);
  const refused: SignInRefusal | null = known?.disabledAt ? "disabled" : resolveGrants(context.config.access, person).length === 0 ? "no-role" : null;
  if (refused !== null) {
    const name = person.name ?? person.email ?? person.subject;
    const why = refused === "disabled" ? "their access was ended" : "they hold no role";
    const actor = { kind: "person" as const, id: known?.id ?? `${provider}:${person.subject}`, name };
    await recordRefusal(context, { action: "session.denied", actor, summary: `${name} was not let in: ${why}`, after: { provider, refused } });
    return { refused };
  }
  const user = await context.db.$transaction((tx) => saveUser(tx, provider, person));
  return { userId: user.id };
}

async function beginSession(context: ServiceContext, userId: string, token: string, provider: string, replacesToken: string | null): Promise<{ expiresAt: Date }> {
  const { sessionIdleHours, sessionMaximumHours } = context.config.access;
  return context.db.$transaction(async (tx) => {
    if (replacesToken !== null) await deleteSession(tx, replacesToken);
    const expiresAt = await insertSession(tx, userId, token, { idleHours: sessionIdleHours, maximumHours: sessionMaximumHours });
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

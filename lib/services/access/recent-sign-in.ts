import { appendAudit } from "#lib/db/audit.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Action } from "#lib/domain/access.ts";
import { VigieError } from "#lib/domain/error.ts";
import { isRecent, recentSignInMinutes } from "#lib/domain/step-up.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * Asked by `authorise` once the role allows it: a person who changes production or makes a token has signed in lately, by database time. A stolen or forgotten
 * session alone changes nothing there. Tokens and Vigie itself cannot sign in; their limits are their own. Throws VigieError "sign-in-again", after an entry.
 */
export async function requireRecentSignIn(context: ServiceContext, actor: Actor, action: Action, environment: string | null, attempt: string): Promise<void> {
  if (actor.kind !== "person") return;
  const { access, environments } = context.config;
  const minutes = recentSignInMinutes(action, environment, { ...access, environments });
  if (minutes === 0) return;
  const authenticatedAt = actor.session?.authenticatedAt ? new Date(actor.session.authenticatedAt) : null;
  if (isRecent(authenticatedAt, minutes, await databaseNow(context.db))) return;
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "access.sign-in-again", outcome: "denied", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment, bigPods: [], operationId: null,
      summary: `${actor.name} was asked to sign in again before they ${attempt}`.slice(0, 2000), reason: null, before: null, after: { action },
    }),
  );
  const provider = access.providers.find(({ id }) => id === actor.session?.provider) ?? access.providers[0];
  throw new VigieError(
    "sign-in-again",
    `Nothing was done yet: ${environment === null ? "this" : `what changes ${environment}`} takes a sign-in of the last ${minutes === 1 ? "minute" : `${minutes} minutes`}. Sign in again; you come back to where you are.`,
    { detail: { action, environment, minutes, authenticatedAt: authenticatedAt?.toISOString() ?? null, provider: provider?.id ?? null, providerTitle: provider?.title ?? null } },
  );
}

import { appendAudit } from "#lib/db/audit.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { isAllowed, rolesThatMay } from "#lib/domain/access.ts";
import type { Action } from "#lib/domain/access.ts";
import { VigieError } from "#lib/domain/error.ts";
import { requireRecentSignIn } from "#lib/services/access/recent-sign-in.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * First line of every service. Returns when allowed; otherwise writes an `access.denied` entry and throws VigieError "denied";
 * or "sign-in-again" when the role allows it but the person has not proved lately who they are (lib/domain/step-up.ts).
 * `attempt` is the sentence for the log: "promote R-214 to prod".
 * An environment that the actor may not see does not exist for them: then it throws `missing`, which is what the service says of things that are not there;
 * left out, what it says of an environment that is not.
 */
export async function authorise(context: ServiceContext, actor: Actor, action: Action, environment: string | null, attempt: string, missing?: VigieError): Promise<void> {
  if (isAllowed(actor.grants, action, environment)) return requireRecentSignIn(context, actor, action, environment, attempt);
  const where = environment === null ? "" : ` in ${environment}`;
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "access.denied",
      outcome: "denied",
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      environment,
      bigPods: [],
      operationId: null,
      summary: `${actor.name} was not allowed to ${attempt}`,
      reason: null,
      before: null,
      after: { action },
    }),
  );
  const seesAnything = actor.grants.length > 0;
  if (environment !== null && seesAnything && !isAllowed(actor.grants, "state.read", environment)) throw missing ?? noSuchEnvironment(environment);
  // Most attempts name the environment themselves: "promote R-214 to prod".
  const named = environment !== null && attempt.split(" ").includes(environment);
  throw new VigieError("denied", `You may not ${attempt}${named ? "" : where}: that takes the role ${rolesThatMay(action).join(" or ")}${where}. Ask an admin for it.`, { detail: { action, environment } });
}

/** The same for one that does not exist and for one that the caller may not see. */
export function noSuchEnvironment(environment: string): VigieError {
  return new VigieError("not-found", `There is no environment "${environment.slice(0, 63)}".`, { detail: { environment: environment.slice(0, 63) } });
}

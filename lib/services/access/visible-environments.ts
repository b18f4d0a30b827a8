import type { Actor } from "#lib/contracts/actor.ts";
import { isAllowed } from "#lib/domain/access.ts";
import type { Action } from "#lib/domain/access.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Environments in which the actor may do the action; "*" when that is all of them, also those taken out of the configuration since. */
export function visibleEnvironments(context: ServiceContext, actor: Actor, action: Action): string[] | "*" {
  const everywhere = actor.grants.some((grant) => grant.environments === "*" && isAllowed([grant], action, null));
  if (everywhere) return "*";
  return context.config.environments.map((environment) => environment.name).filter((name) => isAllowed(actor.grants, action, name));
}

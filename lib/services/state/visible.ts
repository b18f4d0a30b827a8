import type { Actor } from "#lib/contracts/actor.ts";
import type { Config } from "#lib/contracts/config.ts";
import { isAllowed } from "#lib/domain/access.ts";

/** Names of the environments whose state an actor may see, in the order of the configuration. */
export function visibleEnvironments(config: Pick<Config, "environments">, actor: Actor): string[] {
  return config.environments.map((environment) => environment.name).filter((name) => isAllowed(actor.grants, "state.read", name));
}

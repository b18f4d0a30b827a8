import { isAllowed, rolesThatMay } from "#lib/domain/access.ts";
import type { Action, Grant } from "#lib/domain/access.ts";
import { findToken } from "#lib/db/repositories/token.ts";
import { findUserById } from "#lib/db/repositories/user.ts";
import { resolveGrants } from "#lib/services/access/resolve.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Who asked for an operation, as it is kept with it. */
export interface Asker {
  kind: "person" | "token" | "system";
  id: string;
  name: string;
}

/**
 * Whether whoever asked may still do it, by what user, token and configuration say at this moment. Null: yes; otherwise why not, as the middle
 * of a sentence that begins with the name. The bootstrap token and Vigie itself are no rows, so nothing can be taken away from them here.
 */
export async function whyNoLonger({ db, config }: Pick<ServiceContext, "db" | "config">, asker: Asker, action: Action, environment: string): Promise<string | null> {
  let grants: readonly Grant[];
  if (asker.kind === "system" || (asker.kind === "token" && asker.id === "bootstrap")) return null;
  if (asker.kind === "token") {
    const token = await findToken(db, asker.id);
    if (token === null) return "does not exist any more";
    if (token.status !== "active") return `is ${token.status}`;
    grants = [{ role: token.role, environments: token.environments }];
  } else {
    const user = await findUserById(db, asker.id);
    if (user === null) return "is not known any more";
    if (user.disabledAt !== null) return "had their access ended";
    grants = resolveGrants(config.access, { ...user, emailVerified: user.emailVerified !== null });
  }
  return isAllowed(grants, action, environment) ? null : `does not hold the role ${rolesThatMay(action).join(" or ")} in ${environment} any more`;
}

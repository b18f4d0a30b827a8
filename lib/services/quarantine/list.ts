import type { Actor } from "#lib/contracts/actor.ts";
import type { Quarantine } from "#lib/contracts/operation.ts";
import { toQuarantine } from "#lib/db/repositories/quarantine.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const limit = 200;

/** Quarantines of environments the actor may read: those that hold first, then newest first, at most 200. Throws VigieError "denied". */
export async function listQuarantine(context: ServiceContext, actor: Actor, query: { environment?: string | undefined } = {}): Promise<Quarantine[]> {
  const { environment } = query;
  await authorise(context, actor, "release.read", environment ?? null, "list releases in quarantine");
  const visible = visibleEnvironments(context, actor, "release.read");
  const where = environment !== undefined ? { environment } : visible === "*" ? {} : { environment: { in: visible } };
  const rows = await context.db.quarantineRow.findMany({ where, orderBy: [{ liftedAt: { sort: "desc", nulls: "first" } }, { at: "desc" }, { id: "asc" }], take: limit });
  return rows.map(toQuarantine);
}

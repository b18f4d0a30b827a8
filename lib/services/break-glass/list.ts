import type { Actor } from "#lib/contracts/actor.ts";
import type { BreakGlass } from "#lib/contracts/operation.ts";
import { toBreakGlass } from "#lib/db/repositories/break-glass.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const limit = 200;

/** Every use of break-glass in environments the actor may read: those nobody has reviewed first, then newest first, at most 200. Throws VigieError "denied". */
export async function listBreakGlass(context: ServiceContext, actor: Actor, query: { environment?: string | undefined } = {}): Promise<BreakGlass[]> {
  const { environment } = query;
  await authorise(context, actor, "operation.read", environment ?? null, "list uses of break-glass");
  const visible = visibleEnvironments(context, actor, "operation.read");
  const where = environment !== undefined ? { environment } : visible === "*" ? {} : { environment: { in: visible } };
  const rows = await context.db.breakGlassRow.findMany({ where, orderBy: [{ reviewedAt: { sort: "desc", nulls: "first" } }, { openedAt: "desc" }], take: limit });
  return toBreakGlass(context.db, rows);
}

import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditView } from "#lib/contracts/audit-review.ts";
import { findAuditViews } from "#lib/db/repositories/audit-view.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Saved views of the log, by name: everybody who reads the log sees all of them; what a view shows is what its reader may see. Throws VigieError "denied". */
export async function listAuditViews(context: ServiceContext, actor: Actor): Promise<AuditView[]> {
  await authorise(context, actor, "audit.read", null, "read the audit log");
  return findAuditViews(context.db);
}

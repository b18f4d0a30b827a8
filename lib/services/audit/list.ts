import type { Actor } from "#lib/contracts/actor.ts";
import { auditListQuerySchema } from "#lib/contracts/api.ts";
import type { AuditListQuery } from "#lib/contracts/api.ts";
import type { AuditEntry } from "#lib/contracts/audit.ts";
import { actorIdsNamed } from "#lib/db/repositories/audit.ts";
import { findAuditPage } from "#lib/db/repositories/audit-page.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * A page of the log, newest first, by keyset on the sequence. Entries of environments that the actor may not see do not exist for them.
 * `actor` in the query is an id, a name or an e-mail address. Throws VigieError "denied"; "invalid" comes from parsing at the edge.
 */
export async function listAudit(context: ServiceContext, actor: Actor, query: Partial<AuditListQuery>): Promise<{ entries: AuditEntry[]; next: number | null }> {
  await authorise(context, actor, "audit.read", null, "read the audit log");
  const { actor: who, ...filter } = auditListQuerySchema.parse(query);
  return findAuditPage(context.db, {
    ...filter,
    actorIds: who === undefined ? undefined : await actorIdsNamed(context.db, who),
    visible: visibleEnvironments(context, actor, "audit.read"),
  });
}

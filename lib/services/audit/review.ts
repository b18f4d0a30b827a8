import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditListQuery } from "#lib/contracts/api.ts";
import type { AuditEntry } from "#lib/contracts/audit.ts";
import type { AuditGroup } from "#lib/contracts/audit-review.ts";
import { entriesOfOperations, newestEntryOf } from "#lib/db/repositories/audit.ts";
import { groupsOf } from "#lib/domain/audit-groups.ts";
import { archivedUpTo } from "#lib/domain/audit-archive.ts";
import type { ArchivedRange } from "#lib/domain/audit-archive.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { listAudit } from "#lib/services/audit/list.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface AuditReview {
  groups: AuditGroup[];
  next: number | null;
  /** The newest range that was archived, on the last page only: what is older is read there. */
  archived: ArchivedRange | null;
}

/**
 * A page for people: as listAudit, with the entries of one operation on one line, where its newest match stands. An operation's other entries come along
 * (100 at most), so that the line opens to the whole of it. Throws VigieError "denied".
 */
export async function reviewAudit(context: ServiceContext, actor: Actor, query: Partial<AuditListQuery>): Promise<AuditReview> {
  const { entries, next } = await listAudit(context, actor, query);
  const ids = [...new Set(entries.flatMap((entry) => entry.operationId ?? []))];
  const whole: AuditEntry[] = ids.length === 0 ? [] : await entriesOfOperations(context.db, ids, visibleEnvironments(context, actor, "audit.read"));
  const archive = next === null ? await newestEntryOf(context.db, "audit.archive") : null;
  return { groups: groupsOf(entries, whole), next, archived: archive === null ? null : archivedUpTo(archive) };
}

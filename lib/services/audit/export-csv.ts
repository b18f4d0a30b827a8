import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditCsvQuery } from "#lib/contracts/audit-review.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { actorIdsNamed } from "#lib/db/repositories/audit.ts";
import { auditMatches } from "#lib/db/repositories/audit-page.ts";
import { csvLine } from "#lib/domain/csv.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const columns = ["sequence", "at", "action", "outcome", "actor_kind", "actor_id", "actor_name", "environment", "big_pods", "operation_id", "summary", "reason", "before", "after", "hash"] as const;

/**
 * Entries that the filters match, oldest first, as CSV for a spreadsheet: formulas are made text, so it is for reading and not for proof (exportAudit is).
 * Made in windows as it is read: neither size nor a slow reader costs memory. The export is an entry itself, written before the first line, and not in it.
 * Throws VigieError "denied".
 */
export async function exportAuditCsv(context: ServiceContext, actor: Actor, query: AuditCsvQuery): Promise<AsyncGenerator<string>> {
  await authorise(context, actor, "audit.export", null, "export the audit log");
  const { actor: who, ...filters } = query;
  const asked = { ...filters, actorIds: who === undefined ? undefined : await actorIdsNamed(context.db, who), visible: "*" as const };
  const { sequence } = await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "audit.export", outcome: "allowed", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} exported the audit log as CSV`, reason: null, before: null, after: { format: "csv", filters: query },
    }),
  );
  return lines(context, asked, sequence);
}

async function* lines(context: ServiceContext, asked: Parameters<typeof auditMatches>[1], below: number): AsyncGenerator<string> {
  yield csvLine(columns);
  for await (const entries of auditMatches(context.db, asked, below)) {
    yield entries
      .map((entry) =>
        csvLine([
          entry.sequence, entry.at, entry.action, entry.outcome, entry.actor.kind, entry.actor.id, entry.actor.name, entry.environment, entry.bigPods.join(" "), entry.operationId,
          entry.summary, entry.reason, entry.before === null ? null : JSON.stringify(entry.before), entry.after === null ? null : JSON.stringify(entry.after), entry.hash,
        ]),
      )
      .join("");
  }
}

import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditExportQuery } from "#lib/contracts/api.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { archivedStart, auditHead, auditRows } from "#lib/db/repositories/audit.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * The log as JSON Lines ({sequence, hash, bytes}), with the exact bytes that were hashed, so that anyone can verify it offline.
 * Needs the right for the whole log: a part of a chain proves nothing. The export is itself an entry, written before the first line.
 * Throws VigieError "denied", or "invalid" when `from` is after `to`.
 */
export async function exportAudit(context: ServiceContext, actor: Actor, query: AuditExportQuery): Promise<{ from: number; to: number; lines: AsyncGenerator<string> }> {
  await authorise(context, actor, "audit.export", null, "export the audit log");
  // What was archived is no longer here: the export goes on where the archive's last file ends.
  const from = query.from ?? ((await archivedStart(context.db))?.sequence ?? 0) + 1;
  const to = query.to ?? (await auditHead(context.db))?.sequence ?? 0;
  if (query.to !== undefined && from > to) throw new VigieError("invalid", `The export would begin with entry ${from} and end with entry ${to}. Give a "from" that is not after "to".`);
  await context.db.$transaction((tx) =>
    appendAudit(tx, {
      action: "audit.export", outcome: "allowed", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} exported the audit entries ${from} to ${to}`, reason: null, before: null, after: { from, to },
    }),
  );
  return { from, to, lines: exportLines(context, from, to) };
}

async function* exportLines(context: ServiceContext, from: number, to: number): AsyncGenerator<string> {
  for await (const rows of auditRows(context.db, from - 1, to, 500)) {
    yield rows.map((row) => `${JSON.stringify({ sequence: row.sequence, hash: row.hash, bytes: row.bytes })}\n`).join("");
  }
}

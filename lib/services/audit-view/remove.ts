import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { deleteAuditView, findAuditView } from "#lib/db/repositories/audit-view.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Removes a saved view: one's own, or anybody's with the right for it. Throws VigieError "denied", "not-found". */
export async function removeAuditView(context: ServiceContext, actor: Actor, id: string): Promise<void> {
  await authorise(context, actor, "audit.read", null, "remove a view of the audit log");
  const view = await findAuditView(context.db, id);
  if (view !== null && view.ownerId !== actor.id) await authorise(context, actor, "audit.remove-view", null, `remove the view "${view.name}" of ${view.owner}`);
  await context.db.$transaction(async (tx) => {
    if (view === null || !(await deleteAuditView(tx, id))) throw new VigieError("not-found", "There is no such view any more. Reload the page.");
    await appendAudit(tx, {
      action: "audit.remove-view", outcome: "succeeded", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} removed the view "${view.name}" of the audit log`, reason: null, before: { name: view.name, query: view.query, owner: view.owner }, after: null,
    });
  });
}

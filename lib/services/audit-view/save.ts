import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import { auditViewRequestSchema } from "#lib/contracts/audit-review.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { countAuditViews, insertAuditView } from "#lib/db/repositories/audit-view.ts";
import { VigieError } from "#lib/domain/error.ts";
import { issuesSentence } from "#lib/domain/schema-words.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** A platform needs some dozens; a list that grows without end helps nobody. */
const mostViews = 200;

/** Gives filters of the log a name, for everybody. Throws VigieError "denied", "invalid", "conflict" when the name is taken or there are too many. */
export async function saveAuditView(context: ServiceContext, actor: Actor, request: z.input<typeof auditViewRequestSchema>): Promise<{ id: string }> {
  await authorise(context, actor, "audit.read", null, "save a view of the audit log");
  const given = auditViewRequestSchema.safeParse(request);
  if (!given.success) throw new VigieError("invalid", `This view cannot be saved. ${issuesSentence(given.error.issues)}.`);
  const { name } = given.data;
  const query = new URLSearchParams(given.data.query).toString();
  if (query === "") throw new VigieError("invalid", "There is no filter to save: choose one first.");
  const id = randomUUID();
  await context.db.$transaction(async (tx) => {
    if ((await countAuditViews(tx)) >= mostViews) throw new VigieError("conflict", `There are ${mostViews} saved views already. Have one removed first.`);
    if (!(await insertAuditView(tx, { id, name, query, ownerId: actor.id, owner: actor.name }))) throw new VigieError("conflict", `There is a view "${name}" already. Choose another name.`);
    await appendAudit(tx, {
      action: "audit.save-view", outcome: "succeeded", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} saved the view "${name}" of the audit log`, reason: null, before: null, after: { id, name, query },
    });
  });
  return { id };
}

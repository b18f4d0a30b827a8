import type { Actor } from "#lib/contracts/actor.ts";
import { breakGlassReviewSchema } from "#lib/contracts/operation.ts";
import type { BreakGlass } from "#lib/contracts/operation.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { closeReview, findBreakGlass, storedOpener, toBreakGlass } from "#lib/db/repositories/break-glass.ts";
import { VigieError } from "#lib/domain/error.ts";
import { samePerson, whoIsBehind } from "#lib/services/approval/same-person.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * Closes the review of a use of break-glass, once it is over. Never by whoever opened it, also not through a token they made; the database refuses the
 * opener's id as well. Throws VigieError "not-found", "denied", "invalid" (note), "conflict" (reviewed already, still open).
 */
export async function reviewBreakGlass(context: ServiceContext, actor: Actor, id: string, review: { note: string }): Promise<BreakGlass> {
  const parsed = breakGlassReviewSchema.safeParse(review);
  if (!parsed.success) throw new VigieError("invalid", "A review takes a note of 3 to 1000 characters: what was done, and whether it was right.", { detail: { path: "note" } });
  const row = await findBreakGlass(context.db, id);
  const missing = new VigieError("not-found", "There is no such use of break-glass.", { detail: { id } });
  if (row === null) throw missing;
  await authorise(context, actor, "break-glass.review", row.environment, `review a use of break-glass in ${row.environment}`, missing);
  const [opener, self] = [await whoIsBehind(context.db, storedOpener(row)), await whoIsBehind(context.db, actor)];
  if (samePerson(opener, self)) {
    await context.db.$transaction((tx) => appendAudit(tx, { ...entry(actor, row), outcome: "denied", summary: `${actor.name} may not review the break-glass that they opened themselves`, reason: parsed.data.note, after: null }));
    throw new VigieError("denied", "You may not review your own use of break-glass. Ask somebody else to look at it.", { detail: { id } });
  }
  if (row.expiresAt > (await databaseNow(context.db))) throw new VigieError("conflict", `It is open until ${row.expiresAt.toISOString()}: review it when it is over, because more may be done under it.`, { detail: { id, expiresAt: row.expiresAt.toISOString() } });
  const reviewed = await context.db.$transaction(async (tx) => {
    if (!(await closeReview(tx, id, { kind: actor.kind, id: actor.id, name: actor.name }, parsed.data.note))) return false;
    await appendAudit(tx, { ...entry(actor, row), outcome: "succeeded", summary: `${actor.name} reviewed the break-glass of ${storedOpener(row).name} in ${row.environment}`, reason: parsed.data.note, after: { id } });
    return true;
  });
  if (!reviewed) throw new VigieError("conflict", "It was reviewed already.", { detail: { id } });
  const after = await findBreakGlass(context.db, id);
  const [shown] = await toBreakGlass(context.db, after === null ? [] : [after]);
  if (shown === undefined) throw new Error("what was reviewed is there");
  return shown;
}

function entry(actor: Actor, row: { environment: string }): { action: "break-glass.review"; actor: { kind: Actor["kind"]; id: string; name: string }; environment: string; bigPods: string[]; operationId: null; before: null } {
  return { action: "break-glass.review", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: row.environment, bigPods: [], operationId: null, before: null };
}

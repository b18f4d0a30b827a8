import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Puts a dead letter back into the outbox, with all its attempts before it. Throws VigieError "denied", "not-found", "conflict" (it is no dead letter any more). */
export async function retryNotification(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  const row = await context.db.notificationRow.findUnique({ where: { id } });
  const incident = row?.incidentId == null ? null : await context.db.incidentRow.findUnique({ where: { id: row.incidentId }, select: { number: true, environment: true, bigPod: true } });
  const missing = new VigieError("not-found", "There is no such notification. Reload the page.");
  await authorise(context, actor, "incident.work", incident?.environment ?? null, "send a notification again", missing);
  if (row === null) throw missing;
  if (!context.config.notifications.some(({ name }) => name === row.channel)) throw new VigieError("conflict", `The channel "${row.channel}" does not stand in vigie.yaml any more: nothing can be sent by it.`);
  return context.db.$transaction(async (tx) => {
    const again = await tx.$executeRaw`UPDATE notification SET dead_at = NULL, attempts = 0, due_at = clock_timestamp(), claimed_until = NULL WHERE id = ${id} AND dead_at IS NOT NULL AND sent_at IS NULL`;
    if (again === 0) throw new VigieError("conflict", "Somebody has had it sent again already.");
    await appendAudit(tx, {
      action: "notification.retry", outcome: "allowed", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: incident?.environment ?? null, bigPods: incident?.bigPod == null ? [] : [incident.bigPod], operationId: null,
      summary: `${actor.name} had ${row.channel} told again of ${incident === null ? "a test" : `incident #${incident.number}`}`, reason: null, before: null, after: { notification: id, channel: row.channel },
    });
    return { id };
  });
}

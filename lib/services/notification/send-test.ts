import { randomUUID } from "node:crypto";
import type { Actor } from "#lib/contracts/actor.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Of one channel at most one test waits: a button that is pressed often sends one. */
const kind = "test";

/** Puts a test message into a channel's outbox; the worker sends it. Throws VigieError "denied", "not-found" (no such channel). */
export async function testChannel(context: ServiceContext, actor: Actor, channel: string): Promise<{ id: string; channel: string }> {
  await authorise(context, actor, "incident.work", null, "send a test to a channel of notifications");
  if (!context.config.notifications.some(({ name }) => name === channel)) throw new VigieError("not-found", `There is no channel "${channel.slice(0, 100)}" under notifications in vigie.yaml.`);
  return context.db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${`vigie test of ${channel}`}))`;
    const waiting = await tx.notificationRow.findFirst({ where: { channel, kind, sentAt: null, deadAt: null }, select: { id: true } });
    if (waiting !== null) {
      // It is tried now, not when its next attempt is due.
      await tx.$executeRaw`UPDATE notification SET due_at = least(due_at, clock_timestamp()) WHERE id = ${waiting.id}`;
      return { id: waiting.id, channel };
    }
    const id = randomUUID();
    await tx.$executeRaw`INSERT INTO notification (id, channel, incident_id, kind, payload, created_at, due_at) VALUES (${id}, ${channel}, NULL, ${kind}, ${JSON.stringify({ by: actor.name })}::jsonb, clock_timestamp(), clock_timestamp())`;
    await appendAudit(tx, {
      action: "notification.test", outcome: "allowed", actor: { kind: actor.kind, id: actor.id, name: actor.name }, environment: null, bigPods: [], operationId: null,
      summary: `${actor.name} had a test sent to ${channel}`, reason: null, before: null, after: { notification: id, channel },
    });
    return { id, channel };
  });
}

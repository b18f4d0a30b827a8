import { appendAudit } from "#lib/db/audit.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditAction } from "#lib/contracts/audit.ts";
import { recentEntriesOf } from "#lib/db/repositories/audit.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Attempts by nobody in particular are entries too, but nobody can fill the log with them: so many a minute, over all replicas. */
const perActor = 5;
const perAction = 60;
const windowSeconds = 60;

export interface Refusal {
  action: Extract<AuditAction, "token.use-denied" | "access.denied" | "access.limited" | "session.denied" | "webhook.denied">;
  /** Attempts by the same id and name count together; for the unknown, the name holds the address. */
  actor: { kind: Actor["kind"]; id: string; name: string };
  summary: string;
  after: Record<string, unknown> | null;
}

/**
 * Writes an entry about a refused attempt unless the log already has enough of its kind for this minute (counted in the log
 * itself, so all replicas count together). What is left out is counted in the portal's own log. Returns whether it was written.
 */
export async function recordRefusal(context: ServiceContext, refusal: Refusal): Promise<boolean> {
  const recent = await recentEntriesOf(context.db, refusal.action, windowSeconds, perAction);
  const same = recent.filter((entry) => entry.actorId === refusal.actor.id && entry.actorName === refusal.actor.name);
  if (recent.length >= perAction || same.length >= perActor) {
    context.log.warn({ action: refusal.action, actor: refusal.actor }, "refused attempt not written to the audit log: too many of them this minute");
    return false;
  }
  await context.db.$transaction((tx) =>
    appendAudit(tx, { action: refusal.action, outcome: "denied", actor: refusal.actor, environment: null, bigPods: [], operationId: null, summary: refusal.summary, reason: null, before: null, after: refusal.after }),
  );
  return true;
}

import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditAction } from "#lib/contracts/audit.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Transaction } from "#lib/db/client.ts";
import { Prisma } from "#lib/db/generated/client.ts";
import type { IncidentRow } from "#lib/db/generated/client.ts";
import { incidentSummariesOf } from "#lib/db/repositories/incident.ts";
import { lockIncidents } from "#lib/db/repositories/incident-join.ts";
import { keepable } from "#lib/domain/audit-text.ts";
import { VigieError } from "#lib/domain/error.ts";
import { redact } from "#lib/domain/redact.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { tellIncidents } from "#lib/services/incident/tell.ts";
import type { Told } from "#lib/services/incident/tell.ts";

export interface IncidentDeed {
  action: AuditAction;
  /** Sentence for the log: "Rita acknowledged incident 12: …". */
  summary: string;
  reason?: string | null;
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
  /** Which incidents moved, and what of it people outside hear. */
  told: readonly Told[];
}

export interface Hand {
  tx: Transaction;
  /** As it is now, under the lock of its environment. */
  row: IncidentRow;
  now: Date;
  by: { id: string; name: string };
}

export const isOpen = (row: Pick<IncidentRow, "status">): boolean => row.status === "open" || row.status === "acknowledged";
export const byOf = (actor: Actor): { id: string; name: string } => ({ id: actor.id, name: actor.name });

/**
 * What a person does with an incident, in one transaction: the change that `work` makes, its audit entry, outboxes, stream. `work` returns null when what is
 * wished for is so already: then nothing is written. The caller has authorised it.
 */
export async function changeIncident(context: ServiceContext, actor: Actor, found: IncidentRow, work: (hand: Hand) => Promise<IncidentDeed | null>): Promise<IncidentSummary> {
  const once = (): Promise<IncidentSummary> => changeOnce(context, actor, found, work);
  // Signals are written by others in an order of their own: whom the database picks of two that wait for each other begins anew.
  return once().catch((error: unknown) => (isDeadlock(error) ? once() : Promise.reject(error)));
}

function isDeadlock(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && (error.code === "P2034" || error.message.includes("40P01"));
}

async function changeOnce(context: ServiceContext, actor: Actor, found: IncidentRow, work: (hand: Hand) => Promise<IncidentDeed | null>): Promise<IncidentSummary> {
  return context.db.$transaction(
    async (tx) => {
      await lockIncidents(tx, found.environment);
      const row = await tx.incidentRow.findUniqueOrThrow({ where: { id: found.id } });
      const deed = await work({ tx, row, now: await databaseNow(tx), by: byOf(actor) });
      if (deed !== null) {
        await appendAudit(tx, {
          action: deed.action, outcome: "succeeded", actor: { kind: actor.kind, ...byOf(actor) }, environment: row.environment, bigPods: row.bigPod === null ? [] : [row.bigPod], operationId: null,
          summary: deed.summary.slice(0, 2_000), reason: deed.reason ?? null, before: deed.before ?? null, after: { number: row.number, ...deed.after },
        });
      }
      if (deed !== null) await tellIncidents(tx, context, deed.told);
      const [summary] = await incidentSummariesOf(tx, await tx.incidentRow.findMany({ where: { id: row.id } }));
      if (summary === undefined) throw new Error("an incident that was changed is there");
      return summary;
    },
    { maxWait: 5_000, timeout: 10_000 },
  );
}

/** What people wrote is kept exactly or refused: neither the log nor the database holds a NUL or half a surrogate pair. Only what is a secret by its form is cut out: it would stand on every page. */
export function keptText(text: string, field: string): string {
  const result = keepable(text, "refuse", field);
  if ("problem" in result) throw new VigieError("invalid", `This cannot be kept: ${field} ${result.problem}. Take it out and try again.`, { detail: { path: field } });
  return redact(text);
}

/** Refuses what makes no sense once an incident has ended. */
export function assertOpen(row: Pick<IncidentRow, "number" | "status" | "resolvedAt">, wish: string): void {
  if (isOpen(row)) return;
  const what = row.status === "merged" ? "was merged into another" : "is resolved";
  throw new VigieError("conflict", `Incident ${row.number} ${what} since ${row.resolvedAt?.toISOString() ?? "some time"}: there is nothing to ${wish}. Notes can still be added.`, { detail: { number: row.number, status: row.status } });
}

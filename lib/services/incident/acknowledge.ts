import type { Actor } from "#lib/contracts/actor.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertOpen, changeIncident } from "#lib/services/incident/change.ts";
import { findIncident } from "#lib/services/incident/find.ts";

/**
 * Says that somebody looks at an incident: they are on it, unless somebody else is. It silences nothing: the signals fire on, and others still join. One that is
 * acknowledged stays with whoever did so first. Throws VigieError "not-found", "denied", "conflict" (it has ended).
 */
export async function acknowledgeIncident(context: ServiceContext, actor: Actor, number: string | number): Promise<IncidentSummary> {
  const found = await findIncident(context, actor, number, "incident.work", (row) => `acknowledge incident ${row.number}`);
  return changeIncident(context, actor, found, async ({ tx, row, now, by }) => {
    assertOpen(row, "acknowledge");
    if (row.status === "acknowledged") return null;
    await tx.incidentRow.update({ where: { id: row.id }, data: { status: "acknowledged", acknowledgedAt: now, acknowledgedBy: by, ...(row.assignee === null ? { assignee: by } : {}) } });
    await appendEntry(tx, { incidentId: row.id, key: `acknowledged:${row.reopened}`, at: now, kind: "acknowledged", title: "Acknowledged", actor: by });
    return { action: "incident.acknowledge", summary: `${by.name} acknowledged incident ${row.number}: ${row.title}`, before: { status: row.status }, after: { status: "acknowledged" }, told: [{ id: row.id, what: "acknowledged" }] };
  });
}

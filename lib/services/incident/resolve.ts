import type { Actor } from "#lib/contracts/actor.ts";
import { incidentResolveSchema } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertOpen, changeIncident, keptText } from "#lib/services/incident/change.ts";
import { findIncident } from "#lib/services/incident/find.ts";

const named = 10;

/**
 * Calls an incident resolved. Signals that still fire do not open it again; they are named on the timeline, and only what fires anew opens something.
 * Throws VigieError "not-found", "denied", "invalid" (note), "conflict" (it has ended).
 */
export async function resolveIncident(context: ServiceContext, actor: Actor, number: string | number, request: unknown): Promise<IncidentSummary> {
  const parsed = incidentResolveSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "Resolving takes a note of 3 to 500 characters: what was it, and what helped?", { detail: { path: "note" } });
  const note = keptText(parsed.data.note, "note");
  const found = await findIncident(context, actor, number, "incident.work", (row) => `resolve incident ${row.number}`);
  return changeIncident(context, actor, found, async ({ tx, row, now, by }) => {
    assertOpen(row, "resolve");
    const firing = await tx.signalRow.findMany({ where: { incidentId: row.id, state: "firing" }, orderBy: { onsetAt: "asc" }, take: named, select: { title: true } });
    const still = firing.length === 0 ? "" : ` Still firing: ${firing.map((signal) => signal.title).join(", ")}${row.firing > firing.length ? ` and ${row.firing - firing.length} more` : ""}. They open nothing until they have ended and fire anew.`;
    await tx.incidentRow.update({ where: { id: row.id }, data: { status: "resolved", resolvedAt: now, resolvedBy: by.name } });
    await appendEntry(tx, { incidentId: row.id, key: `resolved:${row.reopened}`, at: now, kind: "resolved", title: firing.length === 0 ? "Resolved" : "Resolved, though signals still fire", detail: `${note}${still}`, actor: by });
    return { action: "incident.resolve", summary: `${by.name} resolved incident ${row.number}: ${row.title}${still === "" ? "" : `.${still}`}`, reason: note, before: { status: row.status }, after: { status: "resolved", firing: row.firing }, told: [{ id: row.id, what: "resolved" }] };
  });
}

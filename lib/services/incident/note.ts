import { randomUUID } from "node:crypto";
import type { Actor } from "#lib/contracts/actor.ts";
import { incidentNoteSchema } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { changeIncident, keptText } from "#lib/services/incident/change.ts";
import { findIncident } from "#lib/services/incident/find.ts";

const shown = 200;

/** Adds a note to the timeline, also of an incident that has ended. Throws VigieError "not-found", "denied", "invalid". */
export async function noteIncident(context: ServiceContext, actor: Actor, number: string | number, request: unknown): Promise<IncidentSummary> {
  const parsed = incidentNoteSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "A note takes 1 to 4000 characters.", { detail: { path: "text" } });
  const text = keptText(parsed.data.text, "text");
  const found = await findIncident(context, actor, number, "incident.work", (row) => `note something on incident ${row.number}`);
  return changeIncident(context, actor, found, async ({ tx, row, now, by }) => {
    const [first = "", ...rest] = text.split("\n");
    const short = first.length <= shown && rest.length === 0;
    await appendEntry(tx, { incidentId: row.id, key: `note:${randomUUID()}`, at: now, kind: "note", title: short ? first : "Note", detail: short ? null : text, actor: by });
    return { action: "incident.note", summary: `${by.name} noted on incident ${row.number}: ${first.slice(0, shown)}`, after: { text }, told: [{ id: row.id, what: null }] };
  });
}

import { randomUUID } from "node:crypto";
import { Prisma } from "#lib/db/generated/client.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { incidentAssignSchema } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { storedWho } from "#lib/db/repositories/incident.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertOpen, byOf, changeIncident } from "#lib/services/incident/change.ts";
import { findIncident } from "#lib/services/incident/find.ts";

/**
 * Says who is on an incident: "me", a person's id or e-mail address, or nobody (null). Throws VigieError "not-found" (incident, or a person who never signed in),
 * "denied", "invalid", "conflict" (it has ended).
 */
export async function assignIncident(context: ServiceContext, actor: Actor, number: string | number, request: unknown): Promise<IncidentSummary> {
  const parsed = incidentAssignSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", 'Say who is to look at it: {"to": "me"}, the id or e-mail address of a person, or null for nobody.', { detail: { path: "to" } });
  const found = await findIncident(context, actor, number, "incident.work", (row) => `assign incident ${row.number}`);
  const to = await personOf(context, actor, parsed.data.to);
  return changeIncident(context, actor, found, async ({ tx, row, now, by }) => {
    assertOpen(row, "assign");
    const before = storedWho(row.assignee);
    if (before?.id === to?.id) return null;
    await tx.incidentRow.update({ where: { id: row.id }, data: { assignee: to ?? Prisma.DbNull } });
    const title = to === null ? "Nobody is on it" : `${to.name} is on it`;
    await appendEntry(tx, { incidentId: row.id, key: `assigned:${randomUUID()}`, at: now, kind: "assigned", title, actor: by });
    return { action: "incident.assign", summary: `${by.name} gave incident ${row.number} to ${to?.name ?? "nobody"}`, before: { assignee: before?.name ?? null }, after: { assignee: to?.name ?? null }, told: [{ id: row.id, what: "updated" }] };
  });
}

async function personOf(context: ServiceContext, actor: Actor, to: string | null): Promise<{ id: string; name: string } | null> {
  if (to === null) return null;
  if (to === "me" || to === actor.id) return byOf(actor);
  const person = await context.db.userRow.findFirst({ where: { disabledAt: null, OR: [{ id: to }, { email: to.toLowerCase() }] } });
  if (person === null) throw new VigieError("not-found", `Nobody who has signed in to Vigie is "${to}". Give the e-mail address they sign in with, or let them take it themselves.`, { detail: { path: "to" } });
  return { id: person.id, name: person.name ?? person.email ?? person.id };
}

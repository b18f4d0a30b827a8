import type { Actor } from "#lib/contracts/actor.ts";
import { incidentMergeSchema } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { recount } from "#lib/db/repositories/incident-join.ts";
import { VigieError } from "#lib/domain/error.ts";
import { severities, worstSeverity } from "#lib/domain/incident-status.ts";
import type { Severity } from "#lib/domain/incident-status.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertOpen, changeIncident, isOpen, keptText } from "#lib/services/incident/change.ts";
import { findIncident } from "#lib/services/incident/find.ts";

/**
 * Says that an incident is part of another one of the same environment: its signals move there, and so do later ones of its place. It ends as `merged` and says where
 * it went. Returns it. Throws VigieError "not-found", "denied", "invalid", "conflict" (either has ended).
 */
export async function mergeIncident(context: ServiceContext, actor: Actor, number: string | number, request: unknown): Promise<IncidentSummary> {
  const parsed = incidentMergeSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "Merging takes the number of the incident it is part of (into) and a reason of 3 to 500 characters.", { detail: { path: "into" } });
  const { into } = parsed.data;
  const reason = keptText(parsed.data.reason, "reason");
  const found = await findIncident(context, actor, number, "incident.work", (row) => `merge incident ${row.number}`);
  const target = await findIncident(context, actor, into, "incident.work", (row) => `merge another into incident ${row.number}`);
  if (found.id === target.id) throw new VigieError("invalid", `Incident ${found.number} cannot be merged into itself.`, { detail: { path: "into" } });
  if (found.environment !== target.environment) throw new VigieError("invalid", `Incident ${target.number} is of ${target.environment}, this one of ${found.environment}: each environment keeps its own. Name the other one in a note instead.`, { detail: { path: "into" } });
  return changeIncident(context, actor, found, async ({ tx, row, now, by }) => {
    assertOpen(row, "merge");
    const goal = await tx.incidentRow.findUniqueOrThrow({ where: { id: target.id } });
    if (!isOpen(goal)) throw new VigieError("conflict", `Incident ${goal.number} has ended (${goal.status}): merge into one that is open.`, { detail: { number: goal.number, status: goal.status } });
    await tx.incidentRow.update({ where: { id: row.id }, data: { status: "merged", mergedInto: goal.id, resolvedAt: now, resolvedBy: by.name } });
    // What was merged into this one before goes on with it: one step leads to where it went.
    await tx.incidentRow.updateMany({ where: { mergedInto: row.id }, data: { mergedInto: goal.id } });
    await tx.signalRow.updateMany({ where: { incidentId: row.id }, data: { incidentId: goal.id } });
    const severity = worstSeverity([known(row.severity), known(goal.severity)]);
    await tx.incidentRow.update({ where: { id: goal.id }, data: { severity, onsetAt: row.onsetAt < goal.onsetAt ? row.onsetAt : goal.onsetAt } });
    await recount(tx, [goal.id]);
    await tx.incidentRow.update({ where: { id: row.id }, data: { firing: 0 } });
    await appendEntry(tx, { incidentId: row.id, key: "merged", at: now, kind: "merged", title: `Goes on as incident ${goal.number}`, detail: reason, actor: by, link: `/incidents/${goal.number}` });
    await appendEntry(tx, { incidentId: goal.id, key: `merged:${row.id}`, at: now, kind: "merged", title: `Incident ${row.number} is part of this: ${row.title}`, detail: reason, actor: by, link: `/incidents/${row.number}` });
    const raised = severity !== known(goal.severity) ? { was: known(goal.severity) } : {};
    return {
      action: "incident.merge", summary: `${by.name} merged incident ${row.number} into incident ${goal.number}: ${row.title}`, reason, before: { status: row.status }, after: { status: "merged", into: goal.number },
      told: [{ id: row.id, what: "updated" }, { id: goal.id, what: "updated", ...raised }],
    };
  });
}

const known = (severity: string): Severity => severities.find((word) => word === severity) ?? "warning";

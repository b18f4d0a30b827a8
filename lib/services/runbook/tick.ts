import type { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import { runbookTickSchema } from "#lib/contracts/incident.ts";
import { databaseNow } from "#lib/db/client.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { publishIncidents } from "#lib/db/repositories/incident.ts";
import { VigieError } from "#lib/domain/error.ts";
import { isRunbookName, parseRunbook } from "#lib/domain/runbook.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { findIncident } from "#lib/services/incident/find.ts";
import { readTicks, stepKey } from "#lib/services/runbook/read.ts";

/**
 * Ticks or unticks a step of a runbook: a line in the incident's timeline, from which the current ticks are derived. Ticking what is ticked changes nothing;
 * `changed` says so. Throws VigieError "denied", "not-found" (incident, runbook, step), "invalid".
 */
export async function tickRunbook(context: ServiceContext, actor: Actor, number: string | number, request: z.input<typeof runbookTickSchema>): Promise<{ changed: boolean }> {
  const parsed = runbookTickSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", "Ticking a step takes the runbook's name, the step's index (from 0) and whether it is ticked.");
  const { runbook, index, ticked } = parsed.data;
  const incident = await findIncident(context, actor, number, "incident.work", (row) => `tick steps of incident ${row.number}`);
  const markdown = isRunbookName(runbook) ? ((await context.runbooks?.read(runbook)) ?? null) : null;
  if (markdown === null) throw new VigieError("not-found", `There is no runbook "${runbook}" whose steps could be ticked. Reload the page.`);
  const step = parseRunbook(markdown).steps[index];
  if (step === undefined) throw new VigieError("not-found", `The runbook ${runbook} has no step ${index + 1}. It has changed: reload the page.`);
  return context.db.$transaction(async (tx) => {
    // Two people who tick the same step at once: one entry.
    await tx.$queryRaw`SELECT 1 FROM incident WHERE id = ${incident.id} FOR UPDATE`;
    const data = { runbook, index, text: step.text, ticked };
    if ((await readTicks(tx, incident.id)).has(stepKey(data)) === ticked) return { changed: false };
    const earlier = await tx.incidentEntryRow.count({ where: { incidentId: incident.id, kind: "runbook" } });
    await appendEntry(tx, {
      incidentId: incident.id, key: `runbook:${runbook}:${index}:${earlier}`, at: await databaseNow(tx), kind: "runbook",
      title: `${ticked ? "Done" : "Not done after all"}: ${step.text}`, detail: `Step ${index + 1} of ${runbook}`, actor: { id: actor.id, name: actor.name }, data,
    });
    await publishIncidents(tx, [incident.id]);
    return { changed: true };
  });
}

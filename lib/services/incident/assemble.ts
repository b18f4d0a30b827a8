import { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import { suspectSchema } from "#lib/contracts/incident.ts";
import type { Incident, Remedy, Runbook, Signal, Suspect } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { IncidentRow } from "#lib/db/generated/client.ts";
import { incidentSummariesOf } from "#lib/db/repositories/incident.ts";
import { readEvidence, readSignals, readTimelinePage } from "#lib/db/repositories/incident-read.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { listRemedies } from "#lib/services/incident/remedies.ts";
import { readRunbooks } from "#lib/services/runbook/read.ts";

/** What the page of an incident is given: the summary, and the signals that fire. */
export interface IncidentSubject {
  row: IncidentRow;
  incident: IncidentSummary;
  active: readonly Signal[];
  ended: readonly Signal[];
}

/** What other parts of Vigie add to an incident when it is read. One that fails leaves its place empty: the rest is needed all the more. */
export interface IncidentExtras {
  remedies(context: ServiceContext, actor: Actor, subject: IncidentSubject): Promise<Remedy[]>;
  runbooks(context: ServiceContext, actor: Actor, subject: IncidentSubject): Promise<Runbook[]>;
}

/** The one place where they are joined. */
export const incidentExtras: IncidentExtras = {
  remedies: (context, actor, { row }) => listRemedies(context, actor, row),
  // Once all is quiet, what was done by the runbooks of its alerts is still to be seen.
  runbooks: (context, _actor, { row, active, ended }) => readRunbooks(context, { incidentId: row.id, signals: active.length > 0 ? active : ended }),
};

const timelineFirst = 200;

/** Everything the page of an incident shows, from its row. */
export async function assembleIncident(context: ServiceContext, actor: Actor, row: IncidentRow, extras: IncidentExtras = incidentExtras): Promise<Incident> {
  const { db, log } = context;
  const rest = Promise.all([readTimelinePage(db, row.id, { limit: timelineFirst }), readEvidence(db, row.id)]);
  // Awaited below; should what comes before fail first, nobody is left to hear of this one.
  rest.catch(() => undefined);
  const [[summary], signals] = await Promise.all([incidentSummariesOf(db, [row]), readSignals(db, row.id)]);
  if (summary === undefined) throw new Error("a row has a summary");
  const subject: IncidentSubject = { row, incident: summary, active: signals.active, ended: signals.ended };
  const orNothing = <Item>(what: string, items: Promise<Item[]>): Promise<Item[]> =>
    items.catch((error: unknown) => {
      log.warn({ err: error, incident: row.number }, `the ${what} of an incident cannot be read; it is shown without`);
      return [];
    });
  const [remedies, runbooks, [page, evidence]] = await Promise.all([orNothing("remedies", extras.remedies(context, actor, subject)), orNothing("runbooks", extras.runbooks(context, actor, subject)), rest]);
  return { ...summary, ...signals, suspects: suspectsOf(row), suspectsNote: row.suspectsNote, remedies, runbooks, timeline: page.timeline, timelineNext: page.next, evidence };
}

/** Rows of an older version that no longer fit are left out: they are measured anew while the incident is open. */
function suspectsOf(row: IncidentRow): Suspect[] {
  const stored = z.array(z.unknown()).catch([]).parse(row.suspects);
  return stored.flatMap((one) => {
    const parsed = suspectSchema.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}

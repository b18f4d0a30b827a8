import { randomUUID } from "node:crypto";
import type { Actor } from "#lib/contracts/actor.ts";
import { incidentOpenSchema } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { lockIncidents } from "#lib/db/repositories/incident-join.ts";
import { VigieError } from "#lib/domain/error.ts";
import { issuesSentence } from "#lib/domain/schema-words.ts";
import { authorise, noSuchEnvironment } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { byOf, keptText } from "#lib/services/incident/change.ts";
import { tellIncidents } from "#lib/services/incident/tell.ts";

/**
 * Opens an incident by hand: what customers tell is often first. Signals of its place join it as long as Vigie has opened none of its own; it ends when a person
 * says so. Throws VigieError "denied", "invalid", "not-found" (environment or Big Pod).
 */
export async function openIncident(context: ServiceContext, actor: Actor, request: unknown): Promise<IncidentSummary> {
  const parsed = incidentOpenSchema.safeParse(request);
  if (!parsed.success) throw new VigieError("invalid", `An incident cannot be opened like this. ${issuesSentence(parsed.error.issues)}.`, { detail: { issues: parsed.error.issues.length } });
  const { environment, bigPod, severity } = parsed.data;
  const title = keptText(parsed.data.title, "title");
  await authorise(context, actor, "incident.work", environment, `open an incident in ${environment}`);
  if (!context.config.environments.some((known) => known.name === environment)) throw noSuchEnvironment(environment);
  if (bigPod !== null && !context.config.bigPods.some((known) => known.name === bigPod)) throw new VigieError("not-found", `There is no Big Pod "${bigPod}". Leave it out for the environment as a whole.`, { detail: { bigPod } });
  const by = byOf(actor);
  return context.db.$transaction(
    async (tx) => {
      await lockIncidents(tx, environment);
      const now = await databaseNow(tx);
      const row = await tx.incidentRow.create({ data: { id: randomUUID(), environment, bigPod, title, severity, status: "open", onsetAt: now, openedAt: now, manual: true, openedBy: by, position: 0n } });
      await appendEntry(tx, { incidentId: row.id, key: "opened", at: now, kind: "opened", title: `Opened: ${title}`, actor: by });
      await appendAudit(tx, {
        action: "incident.open", outcome: "succeeded", actor: { kind: actor.kind, ...by }, environment, bigPods: bigPod === null ? [] : [bigPod], operationId: null,
        summary: `${by.name} opened incident ${row.number}: ${title}`, reason: null, before: null, after: { number: row.number, severity, manual: true },
      });
      const [summary] = await tellIncidents(tx, context, [{ id: row.id, what: "opened" }]);
      if (summary === undefined) throw new Error("an incident that was opened is there");
      return summary;
    },
    { maxWait: 5_000, timeout: 10_000 },
  );
}

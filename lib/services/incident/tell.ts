import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { Transaction } from "#lib/db/client.ts";
import { incidentSummariesOf, publishIncidents } from "#lib/db/repositories/incident.ts";
import type { Severity } from "#lib/domain/incident-status.ts";
import { announceIncident } from "#lib/services/incident/announce.ts";
import type { IncidentHook, IncidentNewsKind } from "#lib/services/incident/announce.ts";
import type { ServiceContext } from "#lib/services/context.ts";

export interface Told {
  id: string;
  /** Null: nobody outside needs to hear of it. */
  what: IncidentNewsKind | null;
  /** Severity before, where that is what is new. */
  was?: Severity;
}

/** End of every transaction that changes incidents: outboxes, hooks, then the stream. Returns them as they are now, in the order given. */
export async function tellIncidents(tx: Transaction, context: Pick<ServiceContext, "config">, told: readonly Told[], hooks: readonly IncidentHook[] = []): Promise<IncidentSummary[]> {
  const ids = [...new Set(told.map((one) => one.id))];
  if (ids.length === 0) return [];
  const summaries = await incidentSummariesOf(tx, await tx.incidentRow.findMany({ where: { id: { in: ids } } }));
  for (const { id, what, was } of told) {
    const incident = summaries.find((summary) => summary.id === id);
    if (incident === undefined || what === null) continue;
    const news = { incident, what, ...(was === undefined ? {} : { was }) };
    await announceIncident(tx, context.config, news);
    for (const hook of hooks) await hook(tx, news);
  }
  await publishIncidents(tx, ids);
  return ids.flatMap((id) => summaries.find((summary) => summary.id === id) ?? []);
}

import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { Transaction } from "#lib/db/client.ts";
import { incidentSummariesOf, publishIncidents } from "#lib/db/repositories/incident.ts";
import { announceIncident } from "#lib/services/incident/announce.ts";
import type { IncidentHook, IncidentNewsKind } from "#lib/services/incident/announce.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { Severity } from "#lib/domain/incident-status.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** What the steps of the engine are handed. */
export interface EngineParts {
  context: ServiceContext;
  /** Called in the transaction that makes the news, after the outboxes were written. */
  onIncident: readonly IncidentHook[];
  /** Places an open incident's id; passed in so that tests know them. */
  newId: () => string;
}

export interface Told {
  id: string;
  /** Null: nobody outside needs to hear of it. */
  what: IncidentNewsKind | null;
  was?: Severity;
}

/** End of every transaction of the engine: outboxes, hooks, then the stream. Returns the incidents as they are now. */
export async function tellIncidents(tx: Transaction, { context, onIncident }: Pick<EngineParts, "context" | "onIncident">, told: readonly Told[]): Promise<IncidentSummary[]> {
  const ids = [...new Set(told.map((one) => one.id))];
  if (ids.length === 0) return [];
  const summaries = await incidentSummariesOf(tx, await tx.incidentRow.findMany({ where: { id: { in: ids } } }));
  for (const { id, what, was } of told) {
    const incident = summaries.find((summary) => summary.id === id);
    if (incident === undefined || what === null) continue;
    const news = { incident, what, ...(was === undefined ? {} : { was }) };
    await announceIncident(tx, context.config, news);
    for (const hook of onIncident) await hook(tx, news);
  }
  await publishIncidents(tx, ids);
  return summaries;
}

/** Proof of the observer, where the engine runs under its lease. */
export type Lease = () => LeaseToken | null;

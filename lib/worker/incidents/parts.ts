import type { IncidentHook } from "#lib/services/incident/announce.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** What the steps of the engine are handed. */
export interface EngineParts {
  context: ServiceContext;
  /** Called in the transaction that makes the news, after the outboxes were written. */
  onIncident: readonly IncidentHook[];
  /** Makes the id of an incident that opens. */
  newId: () => string;
}

/** Proof of the observer: without it the engine does nothing. */
export type Lease = () => LeaseToken | null;

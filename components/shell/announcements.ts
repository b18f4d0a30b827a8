import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { openIncidents } from "#components/incident/incident-words.ts";
import { openBreakGlassOf } from "#components/guards/guard-words.ts";

/** What screen readers are told besides the verdict, by a key each: said when the key is new, and never again. */
export function portalNews(snapshot: PlatformSnapshot, nowMs: number): ReadonlyMap<string, string> {
  const news = new Map<string, string>();
  for (const guard of snapshot.guards) {
    const session = openBreakGlassOf(guard, nowMs);
    if (session) news.set(`break-glass ${session.id}`, `${session.by} opened break-glass in ${guard.environment}`);
    if (guard.proposal) news.set(`proposal ${guard.proposal.operationId}`, guard.proposal.sentence);
  }
  for (const operation of snapshot.operations) {
    if (operation.status === "awaiting") news.set(`awaiting ${operation.id}`, `${operation.title} waits for approval`);
  }
  for (const incident of openIncidents(snapshot.incidents)) {
    // Reopened is news again; that its sentence became a better one is none.
    news.set(`incident ${incident.number} ${incident.reopened}`, `Incident ${incident.number} ${incident.reopened > 0 ? "opened again" : "opened"} in ${incident.environment}, ${incident.severity}: ${incident.title}`);
    if (incident.recovery?.state === "recovered") news.set(`recovered ${incident.number} ${incident.recovery.operationId}`, `Incident ${incident.number}: recovered`);
    if (incident.recovery?.state === "not-recovered") news.set(`not recovered ${incident.number} ${incident.recovery.operationId}`, `Incident ${incident.number}: rolled back, not recovered`);
  }
  return news;
}

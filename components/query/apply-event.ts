import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { Change, OperationSummary, PlatformSnapshot } from "#lib/contracts/state.ts";
import type { StreamEvent } from "#lib/contracts/stream.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { assertNever } from "#lib/domain/assert-never.ts";

const keptChanges = 20;
const finishedKeptMs = 3_600_000;

/**
 * Folds one event of the stream into the snapshot. Objects that did not change keep their identity, so only what moved is drawn again.
 * @param position stream position of the event (its SSE id), null where it has none.
 */
export function applyEvent(snapshot: PlatformSnapshot, event: StreamEvent, position: number | null): PlatformSnapshot {
  const at = position === null ? snapshot.position : Math.max(snapshot.position, position);
  switch (event.type) {
    case "snapshot":
      return event.data;
    case "state":
      return { ...snapshot, position: at, states: put(snapshot.states, event.data, (a, b) => a.environment === b.environment && a.bigPod === b.bigPod) };
    case "source":
      return { ...snapshot, position: at, sources: put(snapshot.sources, event.data, (a, b) => a.key === b.key) };
    case "release":
      return { ...snapshot, position: at, releases: put(snapshot.releases, event.data, (a, b) => a.environment === b.environment) };
    case "change":
      return { ...snapshot, position: at, changes: newest(put(snapshot.changes, event.data, (a, b) => a.id === b.id)) };
    case "operation":
      return { ...snapshot, position: at, operations: recent(put(snapshot.operations, event.data, (a, b) => a.id === b.id), event.data) };
    case "guard":
      return { ...snapshot, position: at, guards: put(snapshot.guards, event.data, (a, b) => a.environment === b.environment) };
    case "incident":
      return { ...snapshot, position: at, incidents: recentIncidents(put(snapshot.incidents, event.data, (a, b) => a.id === b.id), event.data) };
    case "ready":
    case "beat":
    case "signed-out":
      return snapshot;
    default:
      return assertNever(event);
  }
}

function put<Item>(items: readonly Item[], item: Item, same: (a: Item, b: Item) => boolean): Item[] {
  const index = items.findIndex((other) => same(other, item));
  return index === -1 ? [...items, item] : items.with(index, item);
}

function newest(changes: Change[]): Change[] {
  return changes.sort((a, b) => b.at.localeCompare(a.at)).slice(0, keptChanges);
}

/** Not finished, plus those of the hour before the newest news, newest first. */
function recent(operations: OperationSummary[], news: OperationSummary): OperationSummary[] {
  const latest = Date.parse(news.finishedAt ?? news.startedAt ?? news.requestedAt);
  return operations
    .filter((operation) => !terminalOperationStatuses.includes(operation.status) || latest - Date.parse(operation.finishedAt ?? operation.requestedAt) < finishedKeptMs)
    .sort((a, b) => b.requestedAt.localeCompare(a.requestedAt));
}

/** Not ended, plus those that ended in the hour before the newest news, newest first. */
function recentIncidents(incidents: IncidentSummary[], news: IncidentSummary): IncidentSummary[] {
  const latest = Date.parse(news.resolved?.at ?? news.openedAt);
  return incidents.filter((incident) => incident.resolved === null || latest - Date.parse(incident.resolved.at) < finishedKeptMs).sort((a, b) => b.number - a.number);
}

/** Written as an object so that a kind of event which is forgotten here is a mistake of types. */
const known: Record<StreamEvent["type"], true> = { snapshot: true, ready: true, state: true, source: true, release: true, change: true, operation: true, guard: true, incident: true, beat: true, "signed-out": true };
export const eventTypes: readonly string[] = Object.keys(known);

/**
 * Reads one message of the stream. It is our own server's, of the schema in lib/contracts/stream; only its outline is checked here,
 * which spares every page the weight of zod. An unknown type (a newer server) is null and skipped.
 */
export function readEvent(type: string, text: string): StreamEvent | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof data !== "object" || data === null) return null;
  const event = "type" in data && "data" in data ? data : { type, data };
  if (typeof event.type !== "string" || !eventTypes.includes(event.type) || typeof event.data !== "object" || event.data === null) return null;
  // Safe: the server writes only members of StreamEvent under these types.
  return event as StreamEvent;
}

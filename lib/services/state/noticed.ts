import { isDeepStrictEqual } from "node:util";
import type { StreamNotice } from "#lib/db/channels.ts";
import type { Database } from "#lib/db/client.ts";
import type { StreamEvent } from "#lib/contracts/stream.ts";
import { readChanges } from "#lib/db/repositories/change.ts";
import { readGuards } from "#lib/db/repositories/guard.ts";
import { readIncidents } from "#lib/db/repositories/incident.ts";
import { summariesOf } from "#lib/db/repositories/operation-queue.ts";
import { readEnvironmentReleases } from "#lib/db/repositories/release.ts";
import { readSources, readStates } from "#lib/db/repositories/state.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { changesShown, incidentMemoryMs, operationMemoryMs, stateKey } from "#lib/services/state/platform.ts";
import type { Placed, Platform } from "#lib/services/state/platform.ts";

export interface Moved {
  event: StreamEvent;
  environment: string | null;
  position: number;
}

/**
 * Everything in the model that was written at or after a position, in the order of positions. `At` belongs to it: several rows share the position of
 * their transaction, and whoever stopped there may have got only some of them. Getting one twice does no harm.
 */
export function since(platform: Platform, position: number): Moved[] {
  const moved: Moved[] = [];
  const collect = <T>(map: Map<string, Placed<T>>, event: (value: T) => StreamEvent, environment: (value: T) => string | null): void => {
    for (const placed of map.values()) if (placed.position >= position) moved.push({ event: event(placed.value), environment: environment(placed.value), position: placed.position });
  };
  collect(platform.states, (data) => ({ type: "state", data }), (v) => v.environment);
  collect(platform.sources, (data) => ({ type: "source", data }), (v) => v.environment);
  collect(platform.releases, (data) => ({ type: "release", data }), (v) => v.environment);
  collect(platform.changes, (data) => ({ type: "change", data }), (v) => v.environment);
  collect(platform.operations, (data) => ({ type: "operation", data }), (v) => v.environment);
  collect(platform.guards, (data) => ({ type: "guard", data }), (v) => v.environment);
  collect(platform.incidents, (data) => ({ type: "incident", data }), (v) => v.environment);
  return moved.sort((a, b) => a.position - b.position);
}


/**
 * What a fresh reading says that an earlier one did not: rows at or after its position, and rows whose value differs although their position is lower, as after a
 * crash that lost commits, whose positions are then handed out anew. Null when something is no longer there: only a snapshot can tell that.
 */
export function movedBetween(before: Platform, fresh: Platform): Moved[] | null {
  const maps = ["states", "sources", "releases", "guards", "changes", "operations", "incidents"] as const;
  const keptFor = ["states", "sources", "releases", "guards"] as const;
  if (keptFor.some((map) => [...before[map].keys()].some((key) => !fresh[map].has(key)))) return null;
  const same = new Set<unknown>();
  for (const map of maps) {
    for (const [key, placed] of fresh[map]) {
      const known = before[map].get(key);
      if (placed.position < before.position && known !== undefined && isDeepStrictEqual(known.value, placed.value)) same.add(placed.value);
    }
  }
  return since(fresh, 0).filter(({ event }) => !same.has(event.data));
}

/** Drops what a snapshot would not show any more, so that the model does not grow for ever. */
function trim(platform: Platform): void {
  const byEnvironment = new Map<string, string[]>();
  const newestFirst = [...platform.changes].sort(([, a], [, b]) => b.value.at.localeCompare(a.value.at));
  for (const [id, { value }] of newestFirst) {
    const kept = byEnvironment.get(value.environment) ?? [];
    if (kept.length >= changesShown) platform.changes.delete(id);
    else byEnvironment.set(value.environment, [...kept, id]);
  }
  const oldest = Date.now() - operationMemoryMs;
  for (const [id, { value }] of platform.operations) {
    if (terminalOperationStatuses.includes(value.status) && value.finishedAt !== null && Date.parse(value.finishedAt) < oldest) platform.operations.delete(id);
  }
  const endedBefore = Date.now() - incidentMemoryMs;
  for (const [id, { value }] of platform.incidents) if (value.resolved !== null && Date.parse(value.resolved.at) < endedBefore) platform.incidents.delete(id);
}

/**
 * Reads the rows that notices name, one query per topic, into the model. A row may be newer than its notice: then the newer value stands under the notice's
 * position and is told again when its own notice comes, which does no harm. Rows of environments that are not configured are passed over.
 * Returns what was read, in the order of positions.
 */
export async function readNoticed(db: Database, environments: readonly string[], notices: readonly StreamNotice[], platform: Platform): Promise<Moved[]> {
  const moved: Moved[] = [];
  const place = <T>(map: Map<string, Placed<T>>, key: string, value: T, position: number, environment: string | null, event: StreamEvent): void => {
    map.set(key, { value, position });
    moved.push({ event, environment, position });
  };
  const keys = new Map<StreamNotice["topic"], Map<string, number>>();
  for (const { topic, key, position } of notices) {
    const of = keys.get(topic) ?? new Map<string, number>();
    of.set(key, Math.max(position, of.get(key) ?? 0));
    keys.set(topic, of);
  }
  await Promise.all(
    [...keys].map(async ([topic, wanted]) => {
      const names = [...wanted.keys()];
      const at = (key: string): number => wanted.get(key) ?? 0;
      switch (topic) {
        case "state": {
          const pairs = names.map((name) => ({ environment: name.slice(0, name.indexOf("/")), bigPod: name.slice(name.indexOf("/") + 1) })).filter((pair) => environments.includes(pair.environment));
          for (const { state } of await readStates(db, { OR: pairs })) place(platform.states, stateKey(state), state, at(stateKey(state)), state.environment, { type: "state", data: state });
          return;
        }
        case "source":
          for (const { source } of await readSources(db, { key: { in: names } })) if (source.environment === null || environments.includes(source.environment)) place(platform.sources, source.key, source, at(source.key), source.environment, { type: "source", data: source });
          return;
        case "release":
          for (const { release } of await readEnvironmentReleases(db, { environment: { in: names.filter((name) => environments.includes(name)) } })) place(platform.releases, release.environment, release, at(release.environment), release.environment, { type: "release", data: release });
          return;
        case "change":
          for (const { change } of await readChanges(db, { where: { id: { in: names } }, limit: names.length })) if (environments.includes(change.environment)) place(platform.changes, change.id, change, at(change.id), change.environment, { type: "change", data: change });
          return;
        case "operation": {
          const rows = await db.operationRow.findMany({ where: { id: { in: names } }, include: { steps: { select: { status: true } } } });
          for (const data of await summariesOf(db, rows)) {
            if (environments.includes(data.environment)) place(platform.operations, data.id, data, at(data.id), data.environment, { type: "operation", data });
          }
          return;
        }
        case "guard":
          for (const { guard } of await readGuards(db, names.filter((name) => environments.includes(name)))) place(platform.guards, guard.environment, guard, at(guard.environment), guard.environment, { type: "guard", data: guard });
          return;
        case "incident":
          for (const { incident } of await readIncidents(db, { where: { id: { in: names } }, limit: names.length })) if (environments.includes(incident.environment)) place(platform.incidents, incident.id, incident, at(incident.id), incident.environment, { type: "incident", data: incident });
          return;
        default:
          return assertNever(topic);
      }
    }),
  );
  trim(platform);
  return moved.sort((a, b) => a.position - b.position);
}

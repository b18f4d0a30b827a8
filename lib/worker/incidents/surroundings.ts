import { appendEntries } from "#lib/db/repositories/incident-entry.ts";
import type { NewEntry } from "#lib/db/repositories/incident-entry.ts";
import { lockIncidents } from "#lib/db/repositories/incident-join.ts";
import { readPosition } from "#lib/db/repositories/state.ts";
import { storedActor } from "#lib/db/repositories/operation.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { IncidentRow } from "#lib/db/generated/client.ts";
import { changeLine, operationLines, stateLines } from "#lib/domain/incident-entries.ts";
import type { TimelineLine } from "#lib/domain/incident-entries.ts";
import { tellIncidents } from "#lib/services/incident/tell.ts";
import type { EngineParts } from "#lib/worker/incidents/parts.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

const minuteMs = 60_000;
/** What happened just before the end may be written just after it; and a worker may have been away. */
const afterwardsMs = 2 * minuteMs;
const endedMs = 60 * minuteMs;
/** Rows of one kind that one look takes at most; more than that are looked at next time. */
const most = 300;
const againMs = 5 * minuteMs;

/** What an engine remembers between looks: nothing is asked while nothing moved. */
export interface SurroundingsMemory {
  position: number;
  /** Per incident, from when on each kind has not been looked at. */
  since: Map<string, Date>;
  /** Ended ones that were looked at long enough after their end. */
  done: Set<string>;
}

/**
 * Adds to the timelines of open incidents (and of those that ended a moment ago) what happened around them: states of their Big Pods, changes there and in what they depend
 * on, operations of the environment. From `suspectMinutes` before the onset until the end. Found twice, it is written once.
 */
export async function addSurroundings(parts: EngineParts, memory: SurroundingsMemory, token: LeaseToken): Promise<void> {
  const { db } = parts.context;
  const position = await readPosition(db);
  if (position === memory.position) return;
  const rows = await db.incidentRow.findMany({ where: { OR: [{ status: { in: ["open", "acknowledged"] } }, { status: "resolved", resolvedAt: { gt: new Date(Date.now() - endedMs) } }] }, orderBy: { number: "asc" } });
  let more = false;
  const ended = (row: IncidentRow): string => `${row.id} ${row.reopened}`;
  for (const row of rows.filter((one) => one.status !== "resolved" || !memory.done.has(ended(one)))) {
    const cut = await addTo(parts, row, memory, token);
    more ||= cut;
    if (!cut && row.status === "resolved" && Date.now() - (row.resolvedAt?.getTime() ?? 0) > afterwardsMs) memory.done.add(ended(row));
  }
  for (const key of memory.done) if (!rows.some((row) => ended(row) === key)) memory.done.delete(key);
  for (const id of memory.since.keys()) if (!rows.some((row) => row.id === id)) memory.since.delete(id);
  // What this look wrote moves the position itself; a look that finds nothing more ends that.
  memory.position = more ? -1 : position;
}

async function addTo(parts: EngineParts, incident: IncidentRow, memory: SurroundingsMemory, token: LeaseToken): Promise<boolean> {
  const { db, config } = parts.context;
  const began = new Date(incident.onsetAt.getTime() - config.incidents.suspectMinutes * minuteMs);
  const known = memory.since.get(incident.id);
  // Some minutes are read again: rows are dated when something happened, which may be before the last look.
  const from = known === undefined || known < began ? began : known;
  const until = incident.status === "resolved" && incident.resolvedAt !== null ? incident.resolvedAt : new Date(Date.now() + minuteMs);
  return db.$transaction(
    async (tx) => {
      await assertLease(tx, token);
      await lockIncidents(tx, incident.environment);
      const { lines, cutAt } = await linesOf(tx, incident, from, until, config.incidents.dependencies);
      const entries: NewEntry[] = lines.map((line) => ({ ...line, incidentId: incident.id }));
      const added = await appendEntries(tx, entries);
      if (added.size > 0) await tellIncidents(tx, parts.context, [{ id: incident.id, what: null }], parts.onIncident);
      const last = lines.reduce((latest, line) => (line.at > latest ? line.at : latest), from);
      memory.since.set(incident.id, cutAt ?? new Date(Math.max(from.getTime(), last.getTime() - againMs)));
      return cutAt !== null;
    },
    { maxWait: 5_000, timeout: 10_000 },
  );
}

async function linesOf(tx: Transaction, incident: IncidentRow, from: Date, until: Date, dependencies: Readonly<Record<string, readonly string[]>>): Promise<{ lines: TimelineLine[]; /** Up to when everything was read; null: all was. */ cutAt: Date | null }> {
  const { environment } = incident;
  const joined = await tx.signalRow.findMany({ where: { incidentId: incident.id, bigPod: { not: null } }, distinct: ["bigPod"], select: { bigPod: true }, take: 50 });
  const own = [...new Set([...(incident.bigPod === null ? [] : [incident.bigPod]), ...joined.flatMap((row) => row.bigPod ?? [])])];
  const near = [...own, ...own.flatMap((bigPod) => dependencies[bigPod] ?? [])];
  const within = { gte: from, lte: until };
  const states = own.length === 0 ? [] : await readHistory(tx, environment, own, from, until);
  const place = incident.bigPod === null ? { environment } : { environment, OR: [{ bigPod: { in: near } }, { bigPod: null }] };
  const changes = await tx.changeRow.findMany({ where: { ...place, at: within }, orderBy: { at: "asc" }, take: most });
  const operations = await tx.operationRow.findMany({ where: { environment, OR: [{ startedAt: within }, { finishedAt: within }] }, orderBy: { requestedAt: "asc" }, take: most });
  const inside = (line: TimelineLine): boolean => line.at >= from && line.at <= until;
  const lines = [...stateLines(states).filter(inside), ...changes.map(changeLine), ...operations.flatMap((row) => operationLines({ ...row, actor: storedActor(row) })).filter(inside)];
  const cuts = [states.at(-1)?.at, changes.at(-1)?.at, operations.at(-1)?.requestedAt].filter((at, index) => at !== undefined && at > from && (index === 0 ? states : index === 1 ? changes : operations).length >= most);
  return { lines, cutAt: cuts.reduce<Date | null>((least, at) => (at !== undefined && (least === null || at < least) ? at : least), null) };
}

/** Rows of the time asked for, and of each Big Pod the one before it: what a state changed from. */
async function readHistory(tx: Transaction, environment: string, bigPods: readonly string[], from: Date, until: Date): Promise<Parameters<typeof stateLines>[0]> {
  const earlier = await Promise.all(bigPods.map((bigPod) => tx.stateHistory.findFirst({ where: { environment, bigPod, at: { lt: from } }, orderBy: [{ at: "desc" }, { id: "desc" }] })));
  const rows = await tx.stateHistory.findMany({ where: { environment, bigPod: { in: [...bigPods] }, at: { gte: from, lte: until } }, orderBy: [{ at: "asc" }, { id: "asc" }], take: most });
  return [...earlier.filter((row) => row !== null), ...rows].map(({ id, bigPod, status, cause, version, at }) => ({ id: String(id), bigPod, status, cause, version, at }));
}

import { z } from "zod";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { IncidentRow, SignalRow } from "#lib/db/generated/client.ts";
import { appendEntries } from "#lib/db/repositories/incident-entry.ts";
import type { NewEntry } from "#lib/db/repositories/incident-entry.ts";
import { lockIncidents, markTold, readJoinable, readSilenceKeys, readTitleSignals, recount, takeUntold } from "#lib/db/repositories/incident-join.ts";
import { signalSchema } from "#lib/contracts/incident.ts";
import { joinAll, placeOf } from "#lib/domain/incident-join.ts";
import type { About, Joined, JoinIncident, JoinSignal } from "#lib/domain/incident-join.ts";
import { incidentStatuses, severities, signalKinds, signalStates } from "#lib/domain/incident-status.ts";
import { signalLines, silenceEndLine } from "#lib/domain/incident-entries.ts";
import { titleOf } from "#lib/domain/incident-title.ts";
import { vigieActor } from "#lib/services/operation/request-automatic.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { tellIncidents } from "#lib/services/incident/tell.ts";
import type { Told } from "#lib/services/incident/tell.ts";
import type { EngineParts } from "#lib/worker/incidents/parts.ts";

/** Signals of one transaction. */
export const batchSize = 200;
const minuteMs = 60_000;

const silenceSchema = signalSchema.shape.silence.catch(null);
const textsSchema = z.record(z.string(), z.string()).catch({});

/**
 * Takes one batch of signals of one environment into its incidents, in one transaction: opened, joined, reopened, told. `heardAs`: names under which signals
 * of this environment stand (null for those that name none). Returns how many were taken; 0 when there are none.
 */
export async function takeSignals(parts: EngineParts, environment: string, heardAs: readonly (string | null)[], token: LeaseToken, limit = batchSize): Promise<number> {
  const { db, config } = parts.context;
  return db.$transaction(
    async (tx) => {
      await assertLease(tx, token);
      await lockIncidents(tx, environment);
      const rows = await takeUntold(tx, heardAs, limit);
      if (rows.length === 0) return 0;
      const now = await databaseNow(tx);
      const flapMs = config.incidents.flapMinutes * minuteMs;
      const known = { environments: config.environments.map((e) => e.name), bigPods: config.bigPods.map((b) => b.name), fallback: environment };
      const named = [...new Set(rows.flatMap((row) => row.incidentId ?? []))];
      // What fired just before an engine that was away could see it still counts from when it fired.
      const oldest = Math.min(now.getTime(), ...rows.map((row) => (row.firedAt ?? row.receivedAt).getTime()));
      const before = await readJoinable(tx, environment, new Date(oldest - flapMs), named);
      const signals = rows.map((row) => joinSignal(row, known));
      const joined = joinAll(signals, before.map(joinIncident), { flapMs, newId: parts.newId });
      await write(tx, parts, rows, before, joined, now);
      return rows.length;
    },
    { maxWait: 5_000, timeout: 20_000 },
  );
}

async function write(tx: Transaction, parts: EngineParts, rows: readonly SignalRow[], before: readonly IncidentRow[], joined: Joined, now: Date): Promise<void> {
  const touched = new Set(joined.homes.values());
  const titles = new Map<string, string>();
  const opened = joined.incidents.filter((incident) => joined.opened.has(incident.id));
  for (const incident of opened) {
    await tx.incidentRow.create({
      data: { id: incident.id, environment: incident.environment, bigPod: incident.bigPod, about: incident.about, title: "", severity: incident.severity, status: "open", onsetAt: incident.onsetAt, openedAt: now, position: 0n },
    });
  }
  await markTold(tx, rows.map((row) => row.id), joined.homes);
  const entries: NewEntry[] = rows.flatMap((row) => {
    const incidentId = joined.homes.get(row.id);
    return incidentId === undefined ? [] : signalLines(timelineSignal(row), now).map((line) => ({ ...line, incidentId }));
  });
  const uncovered = rows.filter((row) => row.state === "firing" && row.silence === null).flatMap(({ id, title, incidentId }) => (incidentId === null ? [] : [{ id, title, incidentId }]));
  for (const { key, incidentId, signalId } of await readSilenceKeys(tx, uncovered)) entries.push({ ...silenceEndLine(key, uncovered.find((one) => one.id === signalId)?.title ?? "", now), incidentId });
  if (touched.size > 0) await recount(tx, [...touched]);
  const told: Told[] = [];
  for (const id of touched) {
    const after = joined.incidents.find((incident) => incident.id === id);
    if (after === undefined) continue;
    const stored = before.find((row) => row.id === id);
    const over = after.status === "resolved" || after.status === "merged";
    const title = over || after.manual ? (stored?.title ?? "") : (titleOf((await readTitleSignals(tx, id)).map(titleSignal)) ?? stored?.title ?? "");
    titles.set(id, title);
    const reopened = joined.reopened.has(id);
    const was = joined.raised.get(id);
    const again = reopened ? { status: "open", resolvedAt: null, resolvedBy: null, flapping: true, reopened: { increment: 1 } } : {};
    if (!over) await tx.incidentRow.update({ where: { id }, data: { title, severity: after.severity, onsetAt: after.onsetAt, ...again } });
    if (joined.opened.has(id)) entries.push({ incidentId: id, key: "opened", at: now, kind: "opened", title: `Opened: ${title}`, actor: vigieActor });
    if (reopened) entries.push({ incidentId: id, key: `reopened:${(stored?.reopened ?? 0) + 1}`, at: now, kind: "reopened", title: "Opened again: it came back soon after it was resolved", actor: vigieActor });
    if (was !== undefined) entries.push({ incidentId: id, key: `severity:${after.severity}`, at: now, kind: "severity", title: `Severity ${was} → ${after.severity}` });
    const changed = was !== undefined || (stored !== undefined && stored.title !== title);
    told.push({ id, what: joined.opened.has(id) ? "opened" : reopened ? "reopened" : changed ? "updated" : null, ...(was === undefined || reopened ? {} : { was }) });
  }
  await appendEntries(tx, entries);
  for (const incident of joined.incidents) await audit(tx, incident, joined, titles.get(incident.id) ?? "");
  await tellIncidents(tx, parts.context, told, parts.onIncident);
}

async function audit(tx: Transaction, incident: JoinIncident, joined: Joined, title: string): Promise<void> {
  const action = joined.opened.has(incident.id) ? "incident.open" : joined.reopened.has(incident.id) ? "incident.reopen" : joined.raised.has(incident.id) ? "incident.severity" : null;
  if (action === null) return;
  const row = await tx.incidentRow.findUniqueOrThrow({ where: { id: incident.id }, select: { number: true } });
  const words = { "incident.open": "opened", "incident.reopen": "was opened again", "incident.severity": `is ${incident.severity} now` }[action];
  await appendAudit(tx, {
    action, outcome: "succeeded", actor: vigieActor, environment: incident.environment, bigPods: incident.bigPod === null ? [] : [incident.bigPod], operationId: null,
    summary: `Incident ${row.number} ${words}: ${title}`, reason: null, before: action === "incident.severity" ? { severity: joined.raised.get(incident.id) } : null, after: { number: row.number, severity: incident.severity },
  });
}

/** Rows hold words of closed lists, which the code that writes them keeps to; a word of a newer version counts as the least harmful reading of it. */
const oneOf = <Word extends string>(words: readonly Word[], word: string, otherwise: Word): Word => words.find((known) => known === word) ?? otherwise;

function joinSignal(row: SignalRow, known: Parameters<typeof placeOf>[1]): JoinSignal {
  const kind = oneOf(signalKinds, row.kind, "alert");
  const { id, environment, bigPod, onsetAt, firedAt, incidentId } = row;
  return { id, kind, state: oneOf(signalStates, row.state, "firing"), severity: oneOf(severities, row.severity, "warning"), place: placeOf({ kind, environment, bigPod }, known), onsetAt, firedAt, incidentId };
}

function joinIncident(row: IncidentRow): JoinIncident {
  const { id, environment, bigPod, manual, onsetAt, resolvedAt, mergedInto, signals } = row;
  const about: About = row.about === "monitoring" ? "monitoring" : "trouble";
  return { id, environment, bigPod, about, status: oneOf(incidentStatuses, row.status, "open"), manual, severity: oneOf(severities, row.severity, "warning"), onsetAt, resolvedAt, mergedInto, signals };
}

function timelineSignal(row: SignalRow): Parameters<typeof signalLines>[0] {
  const { id, title, detail, service, onsetAt, endedAt, operationId } = row;
  return { id, kind: oneOf(signalKinds, row.kind, "alert"), state: oneOf(signalStates, row.state, "firing"), title, detail, service, onsetAt, endedAt, silence: silenceSchema.parse(row.silence), operationId };
}

function titleSignal(row: SignalRow): Parameters<typeof titleOf>[0][number] {
  const { title, detail, onsetAt } = row;
  return { kind: oneOf(signalKinds, row.kind, "alert"), state: oneOf(signalStates, row.state, "firing"), severity: oneOf(severities, row.severity, "warning"), title, detail, onsetAt, annotations: textsSchema.parse(row.annotations) };
}

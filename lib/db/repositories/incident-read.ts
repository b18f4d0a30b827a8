import { z } from "zod";
import { timelineEntrySchema } from "#lib/contracts/incident.ts";
import type { Incident, Signal, TimelineEntry, TimelinePage } from "#lib/contracts/incident.ts";
import type { IncidentEntryRow } from "#lib/db/generated/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { storedWho } from "#lib/db/repositories/incident.ts";
import { toSignal } from "#lib/db/repositories/signal.ts";
import { timelineKinds } from "#lib/domain/incident-status.ts";

/** Of a storm the first are shown: the counts of the incident say how many there are. */
const activeShown = 100;
const endedShown = 50;
const evidenceShown = 200;

/** Signals of an incident: those that fire, worst and oldest first, and those that ended, newest first. */
export async function readSignals(db: Database | Transaction, incidentId: string): Promise<{ active: Signal[]; ended: Signal[] }> {
  const ids = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM signal WHERE incident_id = ${incidentId} AND state <> 'ended' ORDER BY array_position(ARRAY['critical','warning','info'], severity), onset_at LIMIT ${activeShown}`;
  const order = new Map(ids.map((row, index) => [row.id, index]));
  const active = await db.signalRow.findMany({ where: { id: { in: [...order.keys()] } } });
  const ended = await db.signalRow.findMany({ where: { incidentId, state: "ended" }, orderBy: { endedAt: "desc" }, take: endedShown });
  return { active: active.toSorted((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0)).flatMap(toSignal), ended: ended.flatMap(toSignal) };
}

function entryOf(row: IncidentEntryRow): TimelineEntry[] {
  const kind = timelineKinds.find((known) => known === row.kind);
  if (kind === undefined) return [];
  const parsed = timelineEntrySchema.safeParse({ id: Number(row.id), at: row.at.toISOString(), recordedAt: row.recordedAt.toISOString(), late: row.late, kind, title: row.title, detail: row.detail, by: storedWho(row.actor)?.name ?? null, link: row.link });
  return parsed.success ? [parsed.data] : [];
}

/** Newest first. `before`: id of the last entry of the page before; one of another incident begins at the top. */
export async function readTimelinePage(db: Database | Transaction, incidentId: string, { before, limit }: { before?: number | undefined; limit: number }): Promise<TimelinePage> {
  const mark = before === undefined ? null : await db.incidentEntryRow.findFirst({ where: { id: BigInt(before), incidentId }, select: { id: true, at: true } });
  const rows = await db.incidentEntryRow.findMany({
    where: { incidentId, ...(mark === null ? {} : { OR: [{ at: { lt: mark.at } }, { at: mark.at, id: { lt: mark.id } }] }) },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  const page = rows.slice(0, limit);
  return { timeline: page.flatMap(entryOf), next: rows.length > limit ? Number(page.at(-1)?.id ?? 0) : null };
}

const evidenceKind = z.enum(["logs", "pods", "events", "workload"]);

/** What was saved, without its contents, newest first. */
export async function readEvidence(db: Database | Transaction, incidentId: string): Promise<Incident["evidence"]> {
  const rows = await db.incidentEvidenceRow.findMany({ where: { incidentId }, orderBy: [{ at: "desc" }, { name: "asc" }], take: evidenceShown, omit: { content: true } });
  return rows.flatMap(({ id, name, kind, bytes, at }) => {
    const known = evidenceKind.safeParse(kind);
    return known.success ? [{ id, name, kind: known.data, bytes, at: at.toISOString() }] : [];
  });
}

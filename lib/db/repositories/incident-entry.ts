import type { Prisma, PrismaClient } from "#lib/db/generated/client.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { TimelineKind } from "#lib/domain/incident-status.ts";

/** Recorded this much after it happened, an entry is marked as late: who read the timeline before did not see it. */
export const lateAfterMs = 60_000;

export interface NewEntry {
  incidentId: string;
  /** Identity within the incident: the same key is written once. */
  key: string;
  /** When it happened. */
  at: Date;
  kind: TimelineKind;
  title: string;
  detail?: string | null;
  actor?: { id: string; name: string } | null;
  /** Path inside the portal. */
  link?: string | null;
  data?: Prisma.InputJsonObject | null;
}

/** Appends to the timeline of an incident; nothing is ever changed or taken away there. True when it was not there yet. */
export async function appendEntry(tx: Transaction | PrismaClient, entry: NewEntry): Promise<boolean> {
  const { incidentId, key, at, kind, title, detail = null, actor = null, link = null, data = null } = entry;
  const added = await tx.$executeRaw`
    INSERT INTO incident_entry (incident_id, key, at, recorded_at, late, kind, title, detail, actor, link, data)
    VALUES (${incidentId}, ${key}, ${at}, clock_timestamp(), clock_timestamp() - ${at}::timestamptz > ${lateAfterMs} * interval '1 millisecond', ${kind}, ${title.slice(0, 1_000)},
      ${detail?.slice(0, 4_000) ?? null}, ${actor === null ? null : JSON.stringify(actor)}::jsonb, ${link}, ${data === null ? null : JSON.stringify(data)}::jsonb)
    ON CONFLICT (incident_id, key) DO NOTHING`;
  return added > 0;
}

/** The same for many at once: an alert storm has hundreds. Returns how many were new, by incident. */
export async function appendEntries(tx: Transaction | PrismaClient, entries: readonly NewEntry[]): Promise<Map<string, number>> {
  if (entries.length === 0) return new Map();
  const rows = entries.map(({ incidentId, key, at, kind, title, detail = null, actor = null, link = null, data = null }) => ({ incident_id: incidentId, key, at: at.toISOString(), kind, title: title.slice(0, 1_000), detail: detail?.slice(0, 4_000) ?? null, actor, link, data }));
  const added = await tx.$queryRaw<{ incident_id: string; added: bigint }[]>`
    WITH given AS (
      INSERT INTO incident_entry (incident_id, key, at, recorded_at, late, kind, title, detail, actor, link, data)
      SELECT incident_id, key, at, clock_timestamp(), clock_timestamp() - at > ${lateAfterMs} * interval '1 millisecond', kind, title, detail, actor, link, data
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row(incident_id text, key text, at timestamptz, kind text, title text, detail text, actor jsonb, link text, data jsonb)
      ORDER BY at ON CONFLICT (incident_id, key) DO NOTHING RETURNING incident_id
    ) SELECT incident_id, count(*) AS added FROM given GROUP BY incident_id`;
  return new Map(added.map((row) => [row.incident_id, Number(row.added)]));
}

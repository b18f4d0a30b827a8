import type { Database } from "#lib/db/client.ts";

const chunk = 200;

/**
 * Deletes what has been kept long enough: incidents that ended more than `days` ago with all that belongs to them, oldest first, and signals that no incident has.
 * A piece at a time; returns how many incidents and signals went. One that another was merged into goes with or after it.
 */
export async function pruneIncidents(db: Database, days: number): Promise<number> {
  return db.$transaction(
    async (tx) => {
      const old = await tx.$queryRaw<{ id: string }[]>`
        SELECT id FROM incident WHERE status IN ('resolved', 'merged') AND resolved_at < clock_timestamp() - make_interval(days => ${days}::int)
          AND NOT EXISTS (SELECT 1 FROM incident other WHERE other.merged_into = incident.id AND (other.resolved_at IS NULL OR other.resolved_at >= clock_timestamp() - make_interval(days => ${days}::int)))
        ORDER BY resolved_at, id LIMIT ${chunk}`;
      const ids = old.map((row) => row.id);
      if (ids.length > 0) {
        await tx.incidentEntryRow.deleteMany({ where: { incidentId: { in: ids } } });
        await tx.incidentEvidenceRow.deleteMany({ where: { incidentId: { in: ids } } });
        await tx.notificationRow.deleteMany({ where: { incidentId: { in: ids } } });
        await tx.notificationThreadRow.deleteMany({ where: { incidentId: { in: ids } } });
        await tx.signalRow.deleteMany({ where: { incidentId: { in: ids } } });
        // Those merged into them have ended before them, so they are gone or go now.
        await tx.incidentRow.deleteMany({ where: { mergedInto: { in: ids }, id: { in: ids } } });
        await tx.incidentRow.deleteMany({ where: { id: { in: ids } } });
      }
      const stray = await tx.$executeRaw`
        DELETE FROM signal WHERE id IN (SELECT id FROM signal WHERE incident_id IS NULL AND handled AND state = 'ended' AND ended_at < clock_timestamp() - make_interval(days => ${days}::int) LIMIT ${chunk})`;
      return ids.length + stray;
    },
    { maxWait: 5_000, timeout: 20_000 },
  );
}

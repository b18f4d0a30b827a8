import type { Database } from "#lib/db/client.ts";

/** Older ones are not looked at: whatever is kept that long was left alone on purpose. */
const lookBackDays = 14;

/**
 * Operations that switched colours, are over the time their old colour is kept, and have no stand-down yet; newest first. `standbyMinutes` by environment.
 * Database time only.
 */
export async function dueForStandDown(db: Database, standbyMinutes: ReadonlyMap<string, number>): Promise<string[]> {
  const due: string[] = [];
  for (const [environment, minutes] of standbyMinutes) {
    const rows = await db.$queryRaw<{ id: string }[]>`
      SELECT o.id FROM operation o
      WHERE o.environment = ${environment} AND o.status = 'succeeded' AND o.kind IN ('promotion', 'rollback', 'drill') AND o.plan->>'strategy' = 'blue-green'
        AND o.finished_at <= clock_timestamp() - ${minutes} * interval '1 minute' AND o.finished_at > clock_timestamp() - (${minutes} * interval '1 minute' + ${lookBackDays} * interval '1 day')
        AND NOT EXISTS (SELECT 1 FROM operation f WHERE f.follows_id = o.id AND f.kind = 'stand-down')
      ORDER BY o.finished_at DESC LIMIT 20`;
    due.push(...rows.map((row) => row.id));
  }
  return due;
}

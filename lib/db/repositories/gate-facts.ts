import type { Database } from "#lib/db/client.ts";
import type { SoakFacts } from "#lib/domain/gate-policy.ts";

/**
 * Since when Big Pods have been healthy without a break: the first "healthy" after the last row of history that says anything else. A Big Pod whose
 * history was never written has no answer. The release's own moment is when the environment settled on what it runs now.
 */
export async function readSoakFacts(db: Database, environment: string, bigPods: readonly string[]): Promise<SoakFacts> {
  const rows = await db.$queryRaw<{ big_pod: string; since: Date | null }[]>`
    SELECT h.big_pod, min(h.at) AS since FROM state_history h
    WHERE h.environment = ${environment} AND h.big_pod = ANY(${[...bigPods]}) AND h.status = 'healthy'
      AND h.id > coalesce((SELECT max(o.id) FROM state_history o WHERE o.environment = h.environment AND o.big_pod = h.big_pod AND o.status <> 'healthy'), 0)
    GROUP BY h.big_pod`;
  const release = await db.environmentRelease.findUnique({ where: { environment } });
  return { healthySince: new Map(rows.map((row) => [row.big_pod, row.since])), releaseSince: release?.since ?? null };
}

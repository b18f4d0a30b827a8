import type { Database, Transaction } from "#lib/db/client.ts";
import { estimateDuration } from "#lib/domain/operation-estimate.ts";
import type { Spread } from "#lib/domain/queue.ts";

/** Durations by "environment/kind", from the last ten successful ones of each. */
export async function readDurations(db: Database | Transaction, environments: readonly string[]): Promise<Map<string, Spread>> {
  const rows = await db.$queryRaw<{ environment: string; kind: string; seconds: number }[]>`
    SELECT environment, kind, extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM (
      SELECT environment, kind, started_at, finished_at, row_number() OVER (PARTITION BY environment, kind ORDER BY finished_at DESC) AS place
      FROM operation WHERE environment = ANY(${[...environments]}) AND status = 'succeeded' AND started_at IS NOT NULL AND finished_at > now() - interval '180 days') recent
    WHERE place <= 10`;
  const seconds = new Map<string, number[]>();
  for (const row of rows) seconds.set(`${row.environment}/${row.kind}`, [...(seconds.get(`${row.environment}/${row.kind}`) ?? []), row.seconds]);
  return new Map([...seconds].flatMap(([key, values]) => {
    const estimate = estimateDuration(values);
    return estimate === null ? [] : [[key, { seconds: estimate.seconds, lowSeconds: estimate.lowSeconds, highSeconds: estimate.highSeconds }] as const];
  }));
}

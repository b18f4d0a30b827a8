import type { Database } from "#lib/db/client.ts";
import { chartIncidentSchema } from "#lib/contracts/metrics.ts";
import type { ChartIncident, ChartMark } from "#lib/contracts/metrics.ts";
import { readChanges } from "#lib/db/repositories/change.ts";

interface Stretch {
  environment: string;
  bigPod: string;
  from: Date;
  to: Date;
}

const most = 60;

/** Changes to a Big Pod, or to its environment as a whole, in a time; the newest sixty, in order. What an operation did is told once. */
export async function readChartMarks(db: Database, { environment, bigPod, from, to }: Stretch): Promise<ChartMark[]> {
  const found = await readChanges(db, { where: { environment, OR: [{ bigPod }, { bigPod: null }], at: { gte: from, lte: to } }, limit: most });
  const own = new Set(found.flatMap(({ change }) => (change.bigPod !== null && change.operationId !== null ? [change.operationId] : [])));
  return found
    .map(({ change }) => change)
    .filter((change) => change.bigPod !== null || change.operationId === null || !own.has(change.operationId))
    .toReversed()
    .map(({ at, kind, by, operationId, release, summary }) => ({ at, kind, by, operationId, release, label: summary, link: operationId === null ? null : `/operations/${operationId}` }));
}

/** Incidents of a Big Pod, or of its environment as a whole, that were going on in a time, oldest first; those that were merged into another stand there. */
export async function readChartIncidents(db: Database, { environment, bigPod, from, to }: Stretch): Promise<ChartIncident[]> {
  const rows = await db.incidentRow.findMany({
    where: { environment, AND: [{ OR: [{ bigPod }, { bigPod: null }] }, { OR: [{ resolvedAt: null }, { resolvedAt: { gte: from } }] }], mergedInto: null, onsetAt: { lte: to } },
    orderBy: { onsetAt: "desc" },
    take: most,
    select: { number: true, title: true, severity: true, onsetAt: true, resolvedAt: true },
  });
  return rows.toReversed().flatMap(({ number, title, severity, onsetAt, resolvedAt }) => {
    const parsed = chartIncidentSchema.safeParse({ number, title, severity, from: onsetAt.toISOString(), to: resolvedAt?.toISOString() ?? null });
    return parsed.success ? [parsed.data] : [];
  });
}

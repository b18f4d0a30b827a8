import { z } from "zod";
import { recoverySchema } from "#lib/contracts/incident-summary.ts";
import type { Database } from "#lib/db/client.ts";
import type { DeploymentFact, IncidentFact } from "#lib/domain/incident-numbers.ts";

/** Facts of a time for lib/domain/incident-numbers.ts. At most so many of each, newest first: beyond that the median does not move. */
const most = 5_000;

const suspectSchema = z.object({
  change: z.object({ at: z.iso.datetime(), operationId: z.string().nullable(), release: z.int().nullable() }),
  comparison: z.object({ verdict: z.string() }).nullable(),
  release: z.object({ number: z.int(), operationId: z.string().nullable() }).nullable(),
});

export interface NumbersScope {
  environments: readonly string[];
  bigPod: string | null;
  from: Date;
}

export async function readIncidentFacts(db: Database, { environments, bigPod, from }: NumbersScope): Promise<IncidentFact[]> {
  const rows = await db.incidentRow.findMany({
    where: { environment: { in: [...environments] }, status: { not: "merged" }, openedAt: { gte: from }, about: "trouble", ...(bigPod === null ? {} : { bigPod }) },
    select: { id: true, onsetAt: true, openedAt: true, resolvedAt: true, quietSince: true, status: true, suspects: true, recovery: true },
    orderBy: { openedAt: "desc" },
    take: most,
  });
  const acknowledged = await db.$queryRaw<{ incident_id: string; at: Date }[]>`SELECT incident_id, min(at) AS at FROM incident_entry WHERE kind = 'acknowledged' AND incident_id = ANY (${rows.map((row) => row.id)}) GROUP BY incident_id`;
  const first = new Map(acknowledged.map((row) => [row.incident_id, row.at]));
  const remedies = rows.map((row) => recoverySchema.safeParse(row.recovery).data?.operationId ?? null);
  const rollbacks = await db.operationRow.findMany({ where: { id: { in: remedies.filter((id) => id !== null) }, kind: "rollback" }, select: { id: true, requestedAt: true, startedAt: true } });
  const begun = new Map(rollbacks.map((row) => [row.id, row.startedAt ?? row.requestedAt]));
  return rows.map((row, index) => {
    const over = row.status === "resolved" && row.resolvedAt !== null ? row.resolvedAt : null;
    const recoveredAt = over !== null && row.quietSince !== null && row.quietSince < over ? row.quietSince : over;
    return { id: row.id, onsetAt: row.onsetAt, openedAt: row.openedAt, acknowledgedAt: first.get(row.id) ?? null, recoveredAt, worse: worseOf(row.suspects), rollbackAt: begun.get(remedies[index] ?? "") ?? null };
  });
}

function worseOf(suspects: unknown): IncidentFact["worse"] {
  const first = suspectSchema.safeParse(Array.isArray(suspects) ? suspects[0] : null);
  if (!first.success || first.data.comparison?.verdict !== "worse") return null;
  const { change, release } = first.data;
  return { operationId: release?.operationId ?? change.operationId, release: release?.number ?? change.release, at: new Date(change.at) };
}

/** Promotions that began, with what came after each. Of a Big Pod: those that changed it. */
export async function readDeploymentFacts(db: Database, { environments, bigPod, from }: NumbersScope): Promise<DeploymentFact[]> {
  const rows = await db.$queryRaw<{ id: string; release: number | null; started_at: Date; finished_at: Date | null; status: string; mended_at: Date | null; rolled_back_at: Date | null }[]>`
    SELECT o.id, w.release, o.started_at, o.finished_at, o.status,
      (SELECT min(later.finished_at) FROM operation later WHERE later.environment = o.environment AND later.kind IN ('promotion', 'rollback') AND later.status = 'succeeded' AND later.started_at >= o.finished_at) AS mended_at,
      (SELECT min(back.finished_at) FROM operation back WHERE back.follows_id = o.id AND back.kind = 'rollback' AND back.status = 'succeeded') AS rolled_back_at
    FROM operation o LEFT JOIN promotion_watch w ON w.operation_id = o.id
    WHERE o.kind = 'promotion' AND o.started_at >= ${from} AND o.environment = ANY (${[...environments]})
      AND (${bigPod}::text IS NULL OR EXISTS (SELECT 1 FROM operation_step step WHERE step.operation_id = o.id AND step.big_pod = ${bigPod}))
    ORDER BY o.started_at DESC LIMIT ${most}`;
  return rows
    // Aborted before or while it ran, and with everything taken back: nobody's failure.
    .filter((row) => ["succeeded", "returned", "failed", "running"].includes(row.status))
    .map((row) => ({
      id: row.id, release: row.release, startedAt: row.started_at, finishedAt: row.finished_at, mendedAt: row.mended_at, rolledBackAt: row.rolled_back_at,
      outcome: row.status === "succeeded" || row.status === "returned" || row.status === "failed" ? row.status : "running",
    }));
}

import { auditHead } from "#lib/db/repositories/audit.ts";
import { displayedState } from "#lib/domain/freshness.ts";
import { operationStatuses } from "#lib/domain/status.ts";
import type { HealthStatus, OperationStatus, SourceStatus } from "#lib/domain/status.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { loadPlatform } from "#lib/services/state/platform.ts";

export interface Gauges {
  /** As shown on screen: never greener than the sources are fresh. */
  bigPods: { environment: string; bigPod: string; status: HealthStatus }[];
  sources: { source: string; status: SourceStatus }[];
  /** All there ever were, by status. */
  operations: Record<OperationStatus, number>;
  /** Null when no worker was ever seen. */
  workerHeartbeatAgeSeconds: number | null;
  auditHead: { sequence: number; at: Date } | null;
  sessions: number;
}

/** What /api/metrics says of the database's contents. Throws when the database does not answer. */
export async function readGauges(context: Pick<ServiceContext, "db" | "config">): Promise<Gauges> {
  const { db, config } = context;
  const [platform, counts, head, sessions] = await Promise.all([
    loadPlatform(db, config.environments.map((environment) => environment.name)),
    db.$queryRaw<{ status: string; count: bigint }[]>`SELECT status, count(*) FROM operation GROUP BY status`,
    auditHead(db),
    db.$queryRaw<{ count: bigint }[]>`SELECT count(*) FROM session WHERE expires_at > now()`,
  ]);
  const sources = [...platform.sources.values()].map((placed) => placed.value);
  const workerSeenAt = platform.workerSeenAt?.toISOString() ?? null;
  return {
    bigPods: [...platform.states.values()].map(({ value }) => ({ environment: value.environment, bigPod: value.bigPod, status: displayedState(value, sources, workerSeenAt, platform.now).status })),
    sources: sources.map((source) => ({ source: source.key, status: source.status })),
    // fromEntries over the whole list gives every status its count.
    operations: Object.fromEntries(operationStatuses.map((status) => [status, Number(counts.find((row) => row.status === status)?.count ?? 0n)])) as Record<OperationStatus, number>,
    workerHeartbeatAgeSeconds: platform.workerSeenAt === null ? null : Math.max(0, (platform.now.getTime() - platform.workerSeenAt.getTime()) / 1000),
    auditHead: head,
    sessions: Number(sessions[0]?.count ?? 0n),
  };
}

import type { Database } from "#lib/db/client.ts";

/** A worker has an operation to itself this long; it renews every second. Database time only. */
export const operationLeaseMs = 5_000;
export const renewEveryMs = 1_000;

/** Proof of having claimed an operation; every claim raises the epoch, so an earlier claimant's proof is worth nothing. */
export interface Claim {
  operationId: string;
  environment: string;
  worker: string;
  epoch: bigint;
}

/** Takes the oldest operation that nobody works on: queued, or left behind by a worker whose lease ran out. Null when there is none. */
export async function claimNext(db: Database, worker: string): Promise<Claim | null> {
  const rows = await db.$queryRaw<{ id: string; environment: string; epoch: bigint }[]>`
    UPDATE operation SET claimed_by = ${worker}, epoch = epoch + 1, lease_expires_at = clock_timestamp() + ${operationLeaseMs} * interval '1 millisecond'
    WHERE id = (
      SELECT id FROM operation WHERE status IN ('queued', 'running') AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())
      ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, environment, epoch`;
  const row = rows[0];
  return row === undefined ? null : { operationId: row.id, environment: row.environment, worker, epoch: row.epoch };
}

/** Prolongs a claim. Null: somebody else has claimed it since, it ended, or it ran out before this renewal arrived. */
export async function renewClaim(db: Database, claim: Claim): Promise<{ abortRequestedBy: string | null } | null> {
  const rows = await db.$queryRaw<{ abort_requested_by: string | null }[]>`
    UPDATE operation SET lease_expires_at = clock_timestamp() + ${operationLeaseMs} * interval '1 millisecond'
    WHERE id = ${claim.operationId} AND epoch = ${claim.epoch} AND claimed_by = ${claim.worker} AND status IN ('queued', 'running') AND lease_expires_at > clock_timestamp()
    RETURNING abort_requested_by`;
  const row = rows[0];
  return row === undefined ? null : { abortRequestedBy: row.abort_requested_by };
}

/** Gives a claim up, so that another worker goes on at once. */
export async function releaseClaim(db: Database, claim: Claim): Promise<void> {
  await db.$executeRaw`UPDATE operation SET claimed_by = NULL, lease_expires_at = NULL WHERE id = ${claim.operationId} AND epoch = ${claim.epoch} AND claimed_by = ${claim.worker}`;
}

import type { Database } from "#lib/db/client.ts";
import { environmentLockName } from "#lib/db/repositories/operation-queue.ts";

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

/**
 * Takes an operation that nobody works on: one left behind running by a worker whose lease ran out, or, in an environment where none runs, the one whose
 * turn it is, which is running from that statement on. Null when there is none. The environment's lock makes order certain: whoever asks for a rollback
 * in the same moment is either before this claim, or sees what it claimed.
 */
export async function claimNext(db: Database, worker: string): Promise<Claim | null> {
  for (const { id, environment } of await candidates(db)) {
    const claim = await tryClaim(db, worker, id, environment);
    if (claim !== null) return claim;
  }
  return null;
}

/** Of each environment the operation that runs, else the first of its queue; without those that somebody works on. */
function candidates(db: Database): Promise<{ id: string; environment: string }[]> {
  return db.$queryRaw<{ id: string; environment: string }[]>`
    SELECT id, environment FROM (
      SELECT DISTINCT ON (environment) id, environment, status, lease_expires_at, requested_at FROM operation WHERE status IN ('running', 'queued')
      ORDER BY environment, (status = 'running') DESC, priority DESC, requested_at, number) first
    WHERE status = 'queued' OR lease_expires_at IS NULL OR lease_expires_at < clock_timestamp()
    ORDER BY requested_at`;
}

async function tryClaim(db: Database, worker: string, id: string, environment: string): Promise<Claim | null> {
  try {
    const [, rows] = await db.$transaction([
      db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${environmentLockName(environment)}, 0))`,
      db.$queryRaw<{ epoch: bigint }[]>`
        UPDATE operation SET status = 'running', claimed_by = ${worker}, epoch = epoch + 1, lease_expires_at = clock_timestamp() + ${operationLeaseMs} * interval '1 millisecond'
        WHERE id = ${id} AND (
          (status = 'running' AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp()))
          OR (status = 'queued' AND id = (SELECT q.id FROM operation q WHERE q.environment = ${environment} AND q.status IN ('running', 'queued') ORDER BY (q.status = 'running') DESC, q.priority DESC, q.requested_at, q.number LIMIT 1)))
        RETURNING epoch`,
    ]);
    const [row] = rows;
    return row === undefined ? null : { operationId: id, environment, worker, epoch: row.epoch };
  } catch (error) {
    if (isUniqueViolation(error)) return null; // Somebody was faster.
    throw error;
  }
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "P2002" || (error.code === "P2010" && error.message.includes("23505")));
}

/** Prolongs a claim. Null: somebody else has claimed it since, it ended, or it ran out before this renewal arrived. */
export async function renewClaim(db: Database, claim: Claim): Promise<{ abortRequestedBy: string | null } | null> {
  const rows = await db.$queryRaw<{ abort_requested_by: string | null }[]>`
    UPDATE operation SET lease_expires_at = clock_timestamp() + ${operationLeaseMs} * interval '1 millisecond'
    WHERE id = ${claim.operationId} AND epoch = ${claim.epoch} AND claimed_by = ${claim.worker} AND status = 'running' AND lease_expires_at > clock_timestamp()
    RETURNING abort_requested_by`;
  const row = rows[0];
  return row === undefined ? null : { abortRequestedBy: row.abort_requested_by };
}

/** Gives a claim up, so that another worker goes on at once. */
export async function releaseClaim(db: Database, claim: Claim): Promise<void> {
  await db.$executeRaw`UPDATE operation SET claimed_by = NULL, lease_expires_at = NULL WHERE id = ${claim.operationId} AND epoch = ${claim.epoch} AND claimed_by = ${claim.worker}`;
}

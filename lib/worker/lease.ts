import type { Database, Transaction } from "#lib/db/client.ts";
import type { Log } from "#lib/ports/runtime.ts";

/** Proof of holding a lease: what every write of the observer is checked against. */
export interface LeaseToken {
  name: string;
  holder: string;
  epoch: bigint;
}

export const observerLease = "observer";
export const leaseDurationMs = 3_000;
export const renewEveryMs = 1_000;
/** Soonest second look at a lease that runs out now: its holder may renew it in the last moment. */
const soonestLookMs = 20;
/** A frozen process must not keep its locks: the server ends its transaction after this long. */
const idleInTransactionMs = 2_000;

/** Thrown by `assertLease`: another worker observes now, or the lease ran out. */
export class LeaseLost extends Error {
  constructor(token: LeaseToken) {
    super(`${token.holder} no longer holds the lease "${token.name}" (epoch ${token.epoch})`);
    this.name = "LeaseLost";
  }
}

/**
 * Takes the lease when it is free or ran out, by database time; each taking raises the epoch. Waits for writes of the former holder that are under way
 * (they hold a key-share lock), so that none of them commits after this returns. Null: somebody else holds it.
 */
export async function acquireLease(db: Database, name: string, holder: string, durationMs = leaseDurationMs): Promise<LeaseToken | null> {
  return await db.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO lease (name, holder, epoch, acquired_at, heartbeat_at, expires_at) VALUES (${name}, '', 0, now(), now(), 'epoch') ON CONFLICT (name) DO NOTHING`;
    const free = await tx.$queryRaw<{ free: boolean }[]>`SELECT expires_at <= clock_timestamp() AS free FROM lease WHERE name = ${name}`;
    if (free[0]?.free !== true) return null;
    await tx.$queryRaw`SELECT set_config('idle_in_transaction_session_timeout', ${String(idleInTransactionMs)}, true) FROM lease WHERE name = ${name} FOR UPDATE`;
    const rows = await tx.$queryRaw<{ epoch: bigint }[]>`
      UPDATE lease SET holder = ${holder}, epoch = epoch + 1, acquired_at = clock_timestamp(), heartbeat_at = clock_timestamp(),
        expires_at = clock_timestamp() + ${durationMs} * interval '1 millisecond'
      WHERE name = ${name} AND expires_at <= clock_timestamp() RETURNING epoch`;
    const row = rows[0];
    return row ? { name, holder, epoch: row.epoch } : null;
  });
}

/** Milliseconds until the lease runs out unless it is renewed, by database time; null when nobody ever held it. */
export async function leaseRunsOutInMs(db: Database, name: string): Promise<number | null> {
  const rows = await db.$queryRaw<{ ms: number }[]>`SELECT (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8 AS ms FROM lease WHERE name = ${name}`;
  return rows[0]?.ms ?? null;
}

/** Renews; false when the lease is no longer ours or ran out before. */
export async function renewLease(db: Database, token: LeaseToken, durationMs = leaseDurationMs): Promise<boolean> {
  const renewed = await db.$executeRaw`
    UPDATE lease SET heartbeat_at = clock_timestamp(), expires_at = clock_timestamp() + ${durationMs} * interval '1 millisecond'
    WHERE name = ${token.name} AND holder = ${token.holder} AND epoch = ${token.epoch} AND expires_at > clock_timestamp()`;
  return renewed === 1;
}

/** Gives the lease up so that another worker takes it at once. */
export async function releaseLease(db: Database, token: LeaseToken): Promise<void> {
  await db.$executeRaw`UPDATE lease SET expires_at = clock_timestamp() WHERE name = ${token.name} AND holder = ${token.holder} AND epoch = ${token.epoch}`;
}

/**
 * First statement of every observer write: throws LeaseLost unless the token is the current one and has not run out. The lock keeps a successor from
 * taking over until this transaction ends; renewals pass.
 */
export async function assertLease(tx: Transaction, token: LeaseToken): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT set_config('idle_in_transaction_session_timeout', ${String(idleInTransactionMs)}, true) FROM lease
    WHERE name = ${token.name} AND holder = ${token.holder} AND epoch = ${token.epoch} AND expires_at > clock_timestamp() FOR KEY SHARE`;
  if (rows.length === 0) throw new LeaseLost(token);
}

export interface LeaseKeeper {
  /** The lease as far as this process knows; writes are checked against the database all the same. */
  current(): LeaseToken | null;
  start(): void;
  /** Stops renewing and gives the lease up. */
  stop(): Promise<void>;
}

/**
 * Keeps trying to hold a lease: renews every second; while another has it, looks again when that one runs out, at least every second. While the database is away the token is kept (what was observed stays worth
 * writing); whether it still holds is found out by the first renewal that gets an answer.
 */
export function createLeaseKeeper(options: {
  db: Database;
  name: string;
  holder: string;
  log: Log;
  onAcquired: (token: LeaseToken) => void;
  onLost: () => void;
  durationMs?: number;
  renewMs?: number;
}): LeaseKeeper {
  const { db, name, holder, log, durationMs = leaseDurationMs, renewMs = renewEveryMs } = options;
  let token: LeaseToken | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let running: Promise<void> = Promise.resolve();
  let silentSince: string | null = null;

  /** Resolves with the milliseconds until the next. */
  async function beat(): Promise<number> {
    let nextMs = renewMs;
    try {
      if (token !== null && !(await renewLease(db, token, durationMs))) {
        const again = await acquireLease(db, name, holder, durationMs);
        log.warn({ lease: name, epoch: String(token.epoch), again: again !== null }, "the lease ran out");
        token = again;
        if (again === null) options.onLost();
        else options.onAcquired(again);
      } else if (token === null) {
        token = await acquireLease(db, name, holder, durationMs);
        if (token !== null) {
          log.info({ lease: name, epoch: String(token.epoch) }, "took the lease");
          options.onAcquired(token);
        } else {
          const leftMs = await leaseRunsOutInMs(db, name);
          if (leftMs !== null) nextMs = Math.min(renewMs, Math.max(soonestLookMs, Math.ceil(leftMs) + 1));
        }
      }
      if (silentSince !== null) log.info({ lease: name, since: silentSince }, "the database answers again");
      silentSince = null;
    } catch (error) {
      if (silentSince === null) {
        silentSince = new Date().toISOString();
        log.warn({ lease: name, err: error }, "the lease cannot be renewed: the database does not answer");
      }
    }
    return nextMs;
  }

  function next(delayMs: number): void {
    if (stopped) return;
    timer = setTimeout(() => {
      running = beat().then(next);
    }, delayMs);
  }

  return {
    current: () => token,
    start() {
      if (!stopped) return;
      stopped = false;
      next(0);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      const held = token;
      token = null;
      if (held !== null) await releaseLease(db, held).catch((error: unknown) => log.warn({ err: error }, "the lease could not be given up; it runs out by itself"));
    },
  };
}

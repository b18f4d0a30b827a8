import type { Database } from "#lib/db/client.ts";

/**
 * One use of a limit, for all replicas, in one statement: the moment at which it is whole again moves by a step unless that would be more than a window ahead.
 * All times are the database's. Returns whether it was used, and how many seconds ahead that moment lies now.
 */
export async function useLimit(db: Database, key: string, stepSeconds: number, windowSeconds: number): Promise<{ allowed: boolean; aheadSeconds: number }> {
  const used = await db.$queryRaw<{ ahead: number }[]>`
    INSERT INTO rate_limit AS held (key, whole_at) VALUES (${key}, clock_timestamp() + make_interval(secs => ${stepSeconds}))
    ON CONFLICT (key) DO UPDATE SET whole_at = greatest(held.whole_at, clock_timestamp()) + make_interval(secs => ${stepSeconds})
      WHERE greatest(held.whole_at, clock_timestamp()) + make_interval(secs => ${stepSeconds}) <= clock_timestamp() + make_interval(secs => ${windowSeconds + 1e-6})
    RETURNING extract(epoch FROM whole_at - clock_timestamp())::float8 AS ahead`;
  if (used[0] !== undefined) return { allowed: true, aheadSeconds: used[0].ahead };
  return { allowed: false, aheadSeconds: (await aheadOf(db, key)) ?? windowSeconds };
}

/** Takes a use back that turned out not to be one. */
export async function giveBack(db: Database, key: string, stepSeconds: number): Promise<void> {
  await db.$executeRaw`UPDATE rate_limit SET whole_at = whole_at - make_interval(secs => ${stepSeconds}) WHERE key = ${key}`;
}

/** Seconds until the moment of this key; null when it is not kept. */
export async function aheadOf(db: Database, key: string): Promise<number | null> {
  const rows = await db.$queryRaw<{ ahead: number }[]>`SELECT extract(epoch FROM whole_at - clock_timestamp())::float8 AS ahead FROM rate_limit WHERE key = ${key}`;
  return rows[0]?.ahead ?? null;
}

/** Sets a key's moment so many seconds ahead: for what is only remembered. */
export async function rememberKey(db: Database, key: string, seconds: number): Promise<void> {
  await db.$executeRaw`INSERT INTO rate_limit (key, whole_at) VALUES (${key}, clock_timestamp() + make_interval(secs => ${seconds})) ON CONFLICT (key) DO UPDATE SET whole_at = excluded.whole_at`;
}

/** Limits that are whole again are as good as none. Returns how many were removed. */
export async function forgetWholeLimits(db: Database): Promise<number> {
  return db.$executeRaw`DELETE FROM rate_limit WHERE whole_at < clock_timestamp() - interval '5 seconds'`;
}

import type { Database, Transaction } from "#lib/db/client.ts";
import { hashOfToken } from "#lib/db/repositories/user.ts";
import type { UserRecord } from "#lib/db/repositories/user.ts";

export interface SessionRecord {
  id: string;
  user: UserRecord;
  provider: string | null;
  authenticatedAt: Date | null;
  expiresAt: Date;
}

export interface NewSession {
  provider: string;
  /** Null when the provider did not say. Never counts as later than the session itself. */
  authenticatedAt: Date | null;
  device: string;
  address: string;
}

/** Begins a session; both limits count in database time. Also clears away sessions that are over. */
export async function insertSession(tx: Transaction, userId: string, token: string, session: NewSession, limits: { idleHours: number; maximumHours: number }): Promise<Date> {
  await tx.$executeRaw`DELETE FROM session WHERE expires_at <= now() OR seen_at <= now() - make_interval(secs => ${limits.idleHours * 3600})`;
  const rows = await tx.$queryRaw<{ expires_at: Date }[]>`
    INSERT INTO session (token_hash, user_id, provider, authenticated_at, device, address, created_at, seen_at, expires_at)
    VALUES (${hashOfToken(token)}, ${userId}, ${session.provider}, LEAST(${session.authenticatedAt}::timestamptz, CASE WHEN ${session.authenticatedAt}::timestamptz IS NULL THEN NULL ELSE now() END), ${session.device}, ${session.address}, now(), now(), now() + make_interval(secs => ${limits.maximumHours * 3600}))
    RETURNING expires_at`;
  const row = rows[0];
  if (!row) throw new Error("INSERT INTO session returned no row");
  return row.expires_at;
}

interface Found {
  id: string;
  provider: string | null;
  authenticated_at: Date | null;
  expires_at: Date;
  due: boolean;
  user_id: string;
  name: string | null;
  email: string | null;
  email_verified: Date | null;
  groups: string[];
  disabled_at: Date | null;
}

/** The session and its user while both limits hold, else null. `use` marks it as seen, from this address, at most once a minute. */
export async function findSession(db: Database, token: string, idleHours: number, use: { address: string | null } | null): Promise<SessionRecord | null> {
  const tokenHash = hashOfToken(token);
  const rows = await db.$queryRaw<Found[]>`
    SELECT s.id, s.provider, s.authenticated_at, s.expires_at, s.seen_at < now() - interval '1 minute' AS due, u.id AS user_id, u.name, u.email, u.email_verified, u.groups, u.disabled_at
    FROM session s JOIN user_account u ON u.id = s.user_id
    WHERE s.token_hash = ${tokenHash} AND s.expires_at > now() AND s.seen_at > now() - make_interval(secs => ${idleHours * 3600})`;
  const row = rows[0];
  if (!row) return null;
  if (use !== null && row.due) await db.$executeRaw`UPDATE session SET seen_at = now(), address = COALESCE(${use.address}, address) WHERE token_hash = ${tokenHash} AND seen_at < now() - interval '1 minute'`;
  const user = { id: row.user_id, name: row.name, email: row.email, emailVerified: row.email_verified, groups: row.groups, disabledAt: row.disabled_at };
  return { id: row.id, provider: row.provider, authenticatedAt: row.authenticated_at, expiresAt: row.expires_at, user };
}

/** Ends a session; its user when it existed. */
export async function deleteSession(tx: Transaction, token: string): Promise<UserRecord | null> {
  const found = await tx.sessionRow.findUnique({ where: { tokenHash: hashOfToken(token) }, include: { user: true } });
  if (!found) return null;
  const { count } = await tx.sessionRow.deleteMany({ where: { tokenHash: found.tokenHash } });
  return count === 1 ? found.user : null;
}

export interface ListedSession {
  id: string;
  userId: string;
  person: string;
  provider: string | null;
  device: string | null;
  address: string | null;
  createdAt: Date;
  seenAt: Date;
  expiresAt: Date;
}

interface ListedRow {
  id: string;
  user_id: string;
  person: string;
  provider: string | null;
  device: string | null;
  address: string | null;
  created_at: Date;
  seen_at: Date;
  expires_at: Date;
}

/** Sessions within both limits, used last first; of one user, or of all (`userId` null). */
export async function listedSessions(db: Database | Transaction, userId: string | null, idleHours: number): Promise<ListedSession[]> {
  const rows = await db.$queryRaw<ListedRow[]>`
    SELECT s.id, s.user_id, COALESCE(u.name, u.email, u.id) AS person, s.provider, s.device, s.address, s.created_at, s.seen_at, s.expires_at
    FROM session s JOIN user_account u ON u.id = s.user_id
    WHERE (${userId}::text IS NULL OR s.user_id = ${userId}) AND s.expires_at > now() AND s.seen_at > now() - make_interval(secs => ${idleHours * 3600})
    ORDER BY s.seen_at DESC, s.id LIMIT 500`;
  return rows.map((row) => ({ id: row.id, userId: row.user_id, person: row.person, provider: row.provider, device: row.device, address: row.address, createdAt: row.created_at, seenAt: row.seen_at, expiresAt: row.expires_at }));
}

/** Ends sessions by id; those that this call ended. */
export async function deleteSessions(tx: Transaction, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`DELETE FROM session WHERE id = ANY(${[...ids]}::text[]) RETURNING id`;
  return rows.map(({ id }) => id);
}

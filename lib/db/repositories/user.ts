import { createHash, randomUUID } from "node:crypto";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { Person } from "#lib/contracts/person.ts";

/** At rest a session token is only its SHA-256: a copy of the database signs nobody in. */
export function hashOfToken(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

export interface UserRecord {
  id: string;
  name: string | null;
  email: string | null;
  emailVerified: Date | null;
  groups: string[];
  disabledAt: Date | null;
}

export interface SessionRecord {
  user: UserRecord;
  expiresAt: Date;
}

export async function findUser(db: Database | Transaction, provider: string, subject: string): Promise<UserRecord | null> {
  const identity = await db.accountRow.findUnique({ where: { provider_providerAccountId: { provider, providerAccountId: subject } }, include: { user: true } });
  return identity?.user ?? null;
}

export async function findUserById(db: Database | Transaction, id: string): Promise<UserRecord | null> {
  return db.userRow.findUnique({ where: { id } });
}

/** Creates or updates the person behind a provider's subject with what the provider says now. E-mail addresses never join two subjects. */
export async function saveUser(tx: Transaction, provider: string, person: Person): Promise<UserRecord> {
  // Two first sign-ins of one person at once would otherwise make two users.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`sign-in ${provider} ${person.subject}`}, 0))`;
  const known = await findUser(tx, provider, person.subject);
  const verifiedAt = person.emailVerified ? (known?.email === person.email ? known.emailVerified : null) ?? new Date() : null;
  const data = { name: person.name, email: person.email, emailVerified: verifiedAt, groups: person.groups };
  if (known) return tx.userRow.update({ where: { id: known.id }, data });
  return tx.userRow.create({ data: { id: randomUUID(), ...data, accounts: { create: { provider, providerAccountId: person.subject } } } });
}

/** Begins a session; both limits count in database time. Also clears away sessions that are over. */
export async function insertSession(tx: Transaction, userId: string, token: string, limits: { idleHours: number; maximumHours: number }): Promise<Date> {
  await tx.$executeRaw`DELETE FROM session WHERE expires_at <= now() OR seen_at <= now() - make_interval(secs => ${limits.idleHours * 3600})`;
  const rows = await tx.$queryRaw<{ expires_at: Date }[]>`
    INSERT INTO session (token_hash, user_id, created_at, seen_at, expires_at) VALUES (${hashOfToken(token)}, ${userId}, now(), now(), now() + make_interval(secs => ${limits.maximumHours * 3600})) RETURNING expires_at`;
  const row = rows[0];
  if (!row) throw new Error("INSERT INTO session returned no row");
  return row.expires_at;
}

/** The session and its user while both limits hold, else null. `use` marks it as seen, at most once a minute. */
export async function findSession(db: Database, token: string, idleHours: number, use: boolean): Promise<SessionRecord | null> {
  const tokenHash = hashOfToken(token);
  const rows = await db.$queryRaw<{ expires_at: Date; due: boolean; id: string; name: string | null; email: string | null; email_verified: Date | null; groups: string[]; disabled_at: Date | null }[]>`
    SELECT s.expires_at, s.seen_at < now() - interval '1 minute' AS due, u.id, u.name, u.email, u.email_verified, u.groups, u.disabled_at
    FROM session s JOIN user_account u ON u.id = s.user_id
    WHERE s.token_hash = ${tokenHash} AND s.expires_at > now() AND s.seen_at > now() - make_interval(secs => ${idleHours * 3600})`;
  const row = rows[0];
  if (!row) return null;
  if (use && row.due) await db.$executeRaw`UPDATE session SET seen_at = now() WHERE token_hash = ${tokenHash} AND seen_at < now() - interval '1 minute'`;
  return { expiresAt: row.expires_at, user: { id: row.id, name: row.name, email: row.email, emailVerified: row.email_verified, groups: row.groups, disabledAt: row.disabled_at } };
}

/** Ends a session; its user when it existed. */
export async function deleteSession(tx: Transaction, token: string): Promise<UserRecord | null> {
  const found = await tx.sessionRow.findUnique({ where: { tokenHash: hashOfToken(token) }, include: { user: true } });
  if (!found) return null;
  const { count } = await tx.sessionRow.deleteMany({ where: { tokenHash: found.tokenHash } });
  return count === 1 ? found.user : null;
}

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

/** Takes every group away from the person behind a provider's subject, and the address that might give a role: what they held there is over. */
export async function clearUser(tx: Transaction, provider: string, subject: string): Promise<void> {
  await tx.userRow.updateMany({ where: { accounts: { some: { provider, providerAccountId: subject } } }, data: { groups: [], emailVerified: null } });
}

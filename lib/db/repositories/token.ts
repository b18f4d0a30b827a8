import type { Token } from "#lib/contracts/token.ts";
import { roles } from "#lib/domain/access.ts";
import type { Role } from "#lib/domain/access.ts";
import type { Database, Transaction } from "#lib/db/client.ts";

interface TokenRow {
  id: string;
  name: string;
  hash: string;
  role: string;
  environments: string[];
  created_by: string;
  created_by_id: string | null;
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
  expired: boolean;
}

export type StoredToken = Token & { hash: string; /** Null for tokens made before this was kept. */ createdById: string | null };

function toToken(row: TokenRow): StoredToken {
  const role = roles.find((candidate): candidate is Role => candidate === row.role);
  if (role === undefined) throw new Error(`token ${row.id} has the unknown role ${row.role}`);
  return {
    id: row.id, name: row.name, hash: row.hash, role, environments: row.environments.includes("*") ? "*" : row.environments,
    status: row.revoked_at !== null ? "revoked" : row.expired ? "expired" : "active",
    createdBy: row.created_by, createdById: row.created_by_id, createdAt: row.created_at.toISOString(), expiresAt: row.expires_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null, revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}

/** Newest first. Expiry is judged by database time. */
export async function findTokens(db: Database | Transaction): Promise<StoredToken[]> {
  return (await db.$queryRaw<TokenRow[]>`SELECT *, expires_at <= now() AS expired FROM api_token ORDER BY created_at DESC, id LIMIT 1000`).map(toToken);
}

export async function findToken(db: Database | Transaction, id: string): Promise<StoredToken | null> {
  const rows = await db.$queryRaw<TokenRow[]>`SELECT *, expires_at <= now() AS expired FROM api_token WHERE id = ${id}`;
  return rows[0] ? toToken(rows[0]) : null;
}

export async function insertToken(tx: Transaction, token: { id: string; name: string; hash: string; role: Role; environments: readonly string[]; createdBy: { id: string; name: string }; expiresInDays: number }): Promise<StoredToken> {
  const rows = await tx.$queryRaw<TokenRow[]>`
    INSERT INTO api_token (id, name, hash, role, environments, created_by, created_by_id, created_at, expires_at)
    VALUES (${token.id}, ${token.name}, ${token.hash}, ${token.role}, ${[...token.environments]}, ${token.createdBy.name}, ${token.createdBy.id}, now(), now() + make_interval(days => ${token.expiresInDays}::int))
    RETURNING *, false AS expired`;
  const row = rows[0];
  if (!row) throw new Error("INSERT INTO api_token returned no row");
  return toToken(row);
}

/** Marks a use, at most once a minute, so that a busy token does not write at every call. */
export async function touchToken(db: Database, id: string): Promise<void> {
  await db.$executeRaw`UPDATE api_token SET last_used_at = now() WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`;
}

/** Whether this call revoked it: false when it was revoked before. */
export async function revokeTokenRow(tx: Transaction, id: string): Promise<boolean> {
  return (await tx.$executeRaw`UPDATE api_token SET revoked_at = now() WHERE id = ${id} AND revoked_at IS NULL`) === 1;
}

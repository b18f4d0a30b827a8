import canonicalize from "canonicalize";
import type { Transaction } from "#lib/db/client.ts";
import { auditBodySchema } from "#lib/contracts/audit.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { VigieError } from "#lib/domain/error.ts";

/**
 * Appends one entry in the caller's transaction; when it cannot be written, the transaction fails and nothing is done.
 * The body is turned into RFC 8785 canonical JSON here; sequence, time, previous hash and hash are the database's (prisma/migrations).
 * Throws VigieError "invalid" on NUL and lone surrogates, which PostgreSQL text cannot hold.
 */
export async function appendAudit(tx: Transaction, body: AuditBody): Promise<{ sequence: number; hash: string }> {
  const canonical = canonicalize(auditBodySchema.parse(body));
  if (canonical === undefined || /\\u0000/.test(canonical) || !canonical.isWellFormed()) {
    throw new VigieError("invalid", "A text in this request holds a NUL character or half of a surrogate pair, which the audit log cannot keep. Remove it and try again.");
  }
  const rows = await tx.$queryRaw<{ sequence: bigint; hash: string }[]>`SELECT sequence, hash FROM audit_append(${canonical})`;
  const row = rows[0];
  if (!row) throw new Error("audit_append returned no row");
  return { sequence: Number(row.sequence), hash: row.hash };
}

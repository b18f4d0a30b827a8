import canonicalize from "canonicalize";
import type { Transaction } from "#lib/db/client.ts";
import { auditBodySchema } from "#lib/contracts/audit.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { listedFields } from "#lib/domain/audit-fields.ts";
import { keepable } from "#lib/domain/audit-text.ts";
import type { TextRule } from "#lib/domain/audit-text.ts";
import { VigieError } from "#lib/domain/error.ts";
import { redactValue } from "#lib/domain/redact.ts";

/** Longer entries are refused: an entry is a record, not a store. Bytes of canonical JSON. */
const maximumBytes = 1_048_576;

/** Texts of these members come from clusters and other systems, where a stray NUL in a log line must not block an operation. */
const fromOutside: ReadonlySet<string> = new Set<keyof AuditBody>(["summary", "before", "after"]);

const mayHoldSecrets: ReadonlySet<string> = new Set<keyof AuditBody>(["summary", "reason", "before", "after"]);

/**
 * Appends one entry in the caller's transaction; when it cannot be written, the transaction fails and nothing is done.
 * The body is turned into RFC 8785 canonical JSON here; sequence, time, previous hash and hash are the database's (prisma/migrations).
 * Of before and after only the fields that are listed for the action are kept (lib/domain/audit-fields.ts).
 * What a person or program wrote (reason, names, ids) is kept exactly or refused; in texts from outside (summary, before, after)
 * NUL and half surrogate pairs, which the log cannot hold, become visible replacement characters.
 * Throws VigieError "invalid" for what cannot be kept: such texts, integers past 2^53, NaN, more than 1 MiB.
 */
export async function appendAudit(tx: Transaction, body: AuditBody): Promise<{ sequence: number; hash: string }> {
  const canonical = canonicalBody(body);
  const rows = await tx.$queryRaw<{ sequence: bigint; hash: string }[]>`SELECT sequence, hash FROM audit_append(${canonical})`;
  const row = rows[0];
  if (!row) throw new Error("audit_append returned no row");
  return { sequence: Number(row.sequence), hash: row.hash };
}

function canonicalBody(body: AuditBody): string {
  const kept: Record<string, unknown> = {};
  const parsed = auditBodySchema.parse(body);
  const listed = { ...parsed, before: listedFields(parsed.action, "before", parsed.before), after: listedFields(parsed.action, "after", parsed.after) };
  for (const [key, value] of Object.entries(listed)) {
    const rule: TextRule = fromOutside.has(key) ? "replace" : "refuse";
    // Names and ids are kept as they are; everything that could hold a secret loses it before it is sealed for good.
    const result = keepable(mayHoldSecrets.has(key) ? redactValue(value) : value, rule, key);
    if ("problem" in result) throw new VigieError("invalid", `The audit log cannot keep this: ${result.path} ${result.problem}. Nothing was done. Correct it and try again.`, { detail: { path: result.path } });
    kept[key] = result.value;
  }
  const canonical = canonicalize(kept);
  if (canonical === undefined) throw new Error("an audit body is an object, so it has a canonical form");
  if (Buffer.byteLength(canonical, "utf8") > maximumBytes) {
    throw new VigieError("invalid", "The audit entry of this would be longer than 1 MiB, which the log does not keep. Nothing was done. Act on fewer Big Pods at once.");
  }
  return canonical;
}

import { Prisma } from "#lib/db/generated/client.ts";
import type { AuditReportLine, AuditReportSection } from "#lib/contracts/audit-review.ts";
import type { Database } from "#lib/db/client.ts";
import { toEntry } from "#lib/db/repositories/audit.ts";
import type { StoredRow } from "#lib/db/repositories/audit.ts";

/** Lines told of each section; the total counts the others too. */
const mostLines = 500;

const belongs: Record<AuditReportSection["name"], Prisma.Sql> = {
  promotions: Prisma.sql`e.action = 'operation.request' AND e.outcome = 'allowed' AND o.kind = 'promotion'`,
  rollbacks: Prisma.sql`e.action = 'operation.request' AND e.outcome = 'allowed' AND o.kind = 'rollback'`,
  "break-glass": Prisma.sql`e.action IN ('break-glass.open', 'break-glass.review') AND e.outcome <> 'denied'`,
  denials: Prisma.sql`e.outcome = 'denied'`,
  approvals: Prisma.sql`e.action = 'operation.approve' AND e.outcome = 'allowed'`,
};

/** Numbers of the first and last entry between two moments; null for none. */
export async function boundsBetween(db: Database, from: string, to: string): Promise<{ first: number; last: number } | null> {
  const rows = await db.$queryRaw<{ first: bigint | null; last: bigint | null }[]>`
    SELECT (SELECT sequence FROM audit_entry WHERE at >= ${new Date(from)} ORDER BY at, sequence LIMIT 1) AS first, (SELECT sequence FROM audit_entry WHERE at <= ${new Date(to)} ORDER BY at DESC, sequence DESC LIMIT 1) AS last`;
  const [bounds] = rows;
  if (!bounds || bounds.first === null || bounds.last === null || bounds.first > bounds.last) return null;
  return { first: Number(bounds.first), last: Number(bounds.last) };
}

/** How many entries of a range may be seen: all of it, without counting, when that is everything. */
export async function countSeen(db: Database, { first, last }: { first: number; last: number }, visible: readonly string[] | "*"): Promise<number> {
  if (visible === "*") return last - first + 1;
  const rows = await db.$queryRaw<{ count: bigint }[]>`SELECT count(*) FROM audit_entry e WHERE e.sequence >= ${BigInt(first)} AND e.sequence <= ${BigInt(last)} AND ${seen(visible)}`;
  return Number(rows[0]?.count ?? 0);
}

/** The entries of one section, oldest first. What an operation came to is read from its outcome entry, also when that was written later. */
export async function reportSection(db: Database, name: AuditReportSection["name"], { first, last }: { first: number; last: number }, visible: readonly string[] | "*"): Promise<AuditReportSection> {
  const rows = await db.$queryRaw<(StoredRow & { total: bigint; ended: string | null })[]>`
    SELECT found.*, (SELECT x.outcome FROM audit_entry x WHERE found.operation_id IS NOT NULL AND x.operation_id = found.operation_id AND x.action = 'operation.outcome' ORDER BY x.sequence DESC LIMIT 1) AS ended
    FROM (
      SELECT e.*, count(*) OVER () AS total FROM audit_entry e LEFT JOIN operation o ON o.id = e.operation_id
      WHERE e.sequence >= ${BigInt(first)} AND e.sequence <= ${BigInt(last)} AND ${belongs[name]} AND ${seen(visible)}
      ORDER BY e.sequence LIMIT ${mostLines}
    ) found ORDER BY found.sequence`;
  return { name, total: Number(rows[0]?.total ?? 0), lines: rows.map((row) => lineOf(row)) };
}

function lineOf(row: StoredRow & { ended: string | null }): AuditReportLine {
  const { sequence, at, actor, environment, operationId, summary, reason } = toEntry(row);
  return { sequence, at, actor: actor.name, environment, operationId, summary, reason, ended: row.ended };
}

const seen = (visible: readonly string[] | "*"): Prisma.Sql => (visible === "*" ? Prisma.sql`true` : Prisma.sql`(e.environment IS NULL OR e.environment = ANY(${[...visible]}::text[]))`);

import type { AuditListQuery } from "#lib/contracts/api.ts";
import { auditPageQuerySchema } from "#lib/contracts/audit-review.ts";
import type { AuditPageQuery } from "#lib/contracts/audit-review.ts";
import { momentOf, momentsOf } from "#lib/domain/audit-range.ts";
import { issueWords } from "#lib/domain/schema-words.ts";

export interface AuditAddress {
  /** What the address says, without what cannot be read. */
  given: AuditPageQuery;
  /** The same for the service: named ranges and days as moments. */
  query: Partial<AuditListQuery>;
  /** What cannot be read, by parameter: nothing is filtered by it. */
  problems: { name: string; sentence: string }[];
}

/** Reads the audit page's address. A parameter that cannot be read is left out and named; the others hold. */
export function readAuditAddress(params: Readonly<Record<string, string>>, now: Date): AuditAddress {
  const known = Object.fromEntries(Object.entries(params).filter(([key]) => key in auditPageQuerySchema.shape));
  const whole = auditPageQuerySchema.safeParse(known);
  const problems = whole.success ? [] : whole.error.issues.map((issue) => ({ name: String(issue.path[0] ?? ""), sentence: issueWords(issue) }));
  const readable = Object.fromEntries(Object.entries(known).filter(([key]) => !problems.some(({ name }) => name === key)));
  const given = whole.success ? whole.data : auditPageQuerySchema.parse(readable);
  const { range, from, to, ...rest } = given;
  const moments = range === undefined ? { ...(from !== undefined && { from: momentOf(from, "from") }), ...(to !== undefined && { to: momentOf(to, "to") }) } : momentsOf(range, now);
  return { given, query: { ...rest, ...moments }, problems };
}

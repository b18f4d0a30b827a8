import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditReport } from "#lib/contracts/audit-review.ts";
import { auditMonthSchema, auditReportSectionSchema } from "#lib/contracts/audit-review.ts";
import { boundsBetween, countSeen, reportSection } from "#lib/db/repositories/audit-report.ts";
import { monthOf } from "#lib/domain/audit-range.ts";
import { VigieError } from "#lib/domain/error.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const sectionNames = auditReportSectionSchema.shape.name.options;

/**
 * What happened in a month (of UTC): promotions, rollbacks, break-glass, denials, and who approved what, each line with the entry it is read from.
 * Of environments that the actor may not see nothing is told or counted. Throws VigieError "denied", "invalid" for what is no month.
 */
export async function readAuditReport(context: ServiceContext, actor: Actor, month: string): Promise<AuditReport> {
  await authorise(context, actor, "audit.read", null, "read the audit log");
  const parsed = auditMonthSchema.safeParse(month);
  if (!parsed.success) throw new VigieError("invalid", `The report is of a month such as 2026-11, not of "${month.slice(0, 40)}".`);
  const { from, to } = monthOf(parsed.data);
  const visible = visibleEnvironments(context, actor, "audit.read");
  const bounds = await boundsBetween(context.db, from, to);
  const base = { month: parsed.data, from, to };
  if (bounds === null) return { ...base, entries: 0, first: null, last: null, sections: sectionNames.map((name) => ({ name, total: 0, lines: [] })) };
  const sections = await Promise.all(sectionNames.map((name) => reportSection(context.db, name, bounds, visible)));
  return { ...base, entries: await countSeen(context.db, bounds, visible), ...bounds, sections };
}

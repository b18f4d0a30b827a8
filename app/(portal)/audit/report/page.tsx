import type { Metadata } from "next";
import { attempt } from "#app/_read/attempt.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { AuditReportView } from "#components/audit/audit-report-view.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { auditMonthSchema } from "#lib/contracts/audit-review.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readAuditReport } from "#lib/services/audit/report.ts";

export const metadata: Metadata = { title: "Audit report" };

export default async function AuditReportPage({ searchParams }: { searchParams: SearchParams }) {
  const params = await single(searchParams);
  const actor = await requirePageActor(hrefWith("/audit/report", params));
  const { context } = getRuntime();
  const thisMonth = context.clock.now().toISOString().slice(0, 7);
  const asked = auditMonthSchema.safeParse(params.month ?? thisMonth);
  const month = asked.success ? asked.data : thisMonth;
  const report = await attempt(readAuditReport(context, actor, month));
  return (
    <>
      {asked.success ? null : <p role="alert" className="text-sm text-warn">The address names no month such as 2026-11, so this is the current one.</p>}
      {report.ok ? (
        <AuditReportView report={report.value} thisMonth={thisMonth} />
      ) : (
        <>
          <PageHead title={`Audit report ${month}`} />
          <Absence kind={report.kind} title="The report cannot be shown">
            {report.message}
          </Absence>
        </>
      )}
    </>
  );
}

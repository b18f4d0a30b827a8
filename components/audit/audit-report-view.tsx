import Link from "next/link";
import type { AuditReport, AuditReportLine, AuditReportSection } from "#lib/contracts/audit-review.ts";
import { auditOutcomePresentation } from "#components/audit/audit-presentation.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { buttonClasses } from "#components/ui/button.tsx";
import { reportSectionAbsence, reportSectionTitles } from "#lib/domain/audit-report.ts";

const link = "underline decoration-line-strong underline-offset-2";

/** A month of the log for a person who answers for it. Each line leads to the entry it is read from. */
export function AuditReportView({ report, thisMonth }: { report: AuditReport; thisMonth: string }) {
  const { month, entries, first, last, sections } = report;
  return (
    <>
      <nav aria-label="Breadcrumb" className="-mb-4 text-sm text-muted">
        <Link href="/audit" className="hover:text-text">
          Audit
        </Link>{" "}
        / report
      </nav>
      <PageHead
        title={`Audit report ${month}`}
        actions={
          <>
            <a className={buttonClasses("plain")} href={`/api/v1/audit/report/markdown?month=${month}`} download>
              Save as Markdown
            </a>
            <a className={buttonClasses("plain")} href={`/api/v1/audit/report/csv?month=${month}`} download>
              Save as CSV
            </a>
          </>
        }
      >
        <p>{first === null ? "The log has no entry of this month." : `${entries} entries of this month (UTC) that you may see, between ${first} and ${last} of the log.`}</p>
      </PageHead>
      <nav aria-label="Months" className="-ml-2 flex flex-wrap gap-x-1 text-sm">
        <Link href={`/audit/report?month=${shifted(month, -1)}`} className="inline-flex min-h-8 items-center px-2 text-muted hover:text-text max-lg:min-h-11">
          ← {shifted(month, -1)}
        </Link>
        {month < thisMonth ? (
          <Link href={`/audit/report?month=${shifted(month, 1)}`} className="inline-flex min-h-8 items-center px-2 text-muted hover:text-text max-lg:min-h-11">
            {shifted(month, 1)} →
          </Link>
        ) : null}
      </nav>
      {sections.map((section) => (
        <ReportSection key={section.name} section={section} />
      ))}
    </>
  );
}

function ReportSection({ section: { name, total, lines } }: { section: AuditReportSection }) {
  return (
    <Section title={reportSectionTitles[name]} aside={<span className="tabular-nums">{total}</span>} id={name}>
      {lines.length === 0 ? (
        <Absence kind="empty" title={reportSectionAbsence[name]} />
      ) : (
        <ol className="border-t border-line" aria-label={reportSectionTitles[name]}>
          {lines.map((line) => (
            <ReportLine key={line.sequence} line={line} />
          ))}
        </ol>
      )}
      {total > lines.length ? <p className="pt-2 text-sm text-muted">{total - lines.length} more are not listed here: the CSV export of the log has all.</p> : null}
    </Section>
  );
}

function ReportLine({ line }: { line: AuditReportLine }) {
  const ended = line.ended === null ? null : (Object.entries(auditOutcomePresentation).find(([outcome]) => outcome === line.ended)?.[1] ?? null);
  return (
    <li className="grid gap-x-4 gap-y-0.5 border-b border-line px-1 py-2 text-sm md:grid-cols-[150px_minmax(0,1fr)_104px]">
      <time dateTime={line.at} data-tip-time={line.at} className="font-mono text-xs text-faint md:pt-0.5">
        {line.at.slice(0, 16).replace("T", " ")}
      </time>
      <span className="min-w-0 break-words">
        <Link href={`/audit/${line.sequence}`} prefetch={false} className={link}>
          {line.summary}
        </Link>
        <span className="block text-xs text-muted">
          {[line.actor, line.environment, line.reason === null ? null : `“${line.reason}”`].filter(Boolean).join(" · ")}
          {line.operationId === null ? null : (
            <>
              {" · "}
              <Link href={`/operations/${line.operationId}`} prefetch={false} className={link}>
                operation
              </Link>
            </>
          )}
        </span>
      </span>
      {ended === null ? <span /> : <Mark {...ended} className="text-sm" />}
    </li>
  );
}

/** The month so many after, or before. */
function shifted(month: string, by: number): string {
  const at = new Date(`${month}-01T00:00:00.000Z`);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + by, 1)).toISOString().slice(0, 7);
}

import type { AuditReport, AuditReportSection } from "#lib/contracts/audit-review.ts";
import { csvLine } from "#lib/domain/csv.ts";
import { markdownRow, markdownText } from "#lib/domain/markdown-text.ts";

export const reportSectionTitles: Record<AuditReportSection["name"], string> = { promotions: "Promotions", rollbacks: "Rollbacks", "break-glass": "Break-glass", denials: "Denials", approvals: "Approvals" };

/** What a month without any has to say. */
export const reportSectionAbsence: Record<AuditReportSection["name"], string> = {
  promotions: "Nothing was promoted.",
  rollbacks: "Nothing was rolled back.",
  "break-glass": "Nobody broke the glass.",
  denials: "Nobody was refused anything.",
  approvals: "Nothing was approved.",
};

/** The report as Markdown (GitHub Flavored). Texts of people stay text. */
export function reportMarkdown(report: AuditReport, platform: string): string {
  const range = report.first === null ? "No entries." : `${report.entries} entries, ${report.first} to ${report.last} of the log.`;
  const lines = [`# Audit report ${report.month}: ${markdownText(platform)}`, "", `From ${report.from} to ${report.to}. ${range}`, ""];
  for (const { name, total, lines: rows } of report.sections) {
    lines.push(`## ${reportSectionTitles[name]}: ${total}`, "");
    if (rows.length === 0) lines.push(reportSectionAbsence[name], "");
    else {
      lines.push(markdownRow(["Entry", "Time (UTC)", "Who", "Where", "What", "Why", "Ended"]), markdownRow(["--:", "---", "---", "---", "---", "---", "---"]));
      for (const row of rows) lines.push(markdownRow([String(row.sequence), row.at, markdownText(row.actor), markdownText(row.environment ?? ""), markdownText(row.summary), markdownText(row.reason ?? ""), row.ended ?? ""]));
      lines.push("");
      if (total > rows.length) lines.push(`${total - rows.length} more are not listed here: the CSV export of the log has all.`, "");
    }
  }
  return lines.join("\n");
}

/** The report as CSV, a line per entry. */
export function reportCsv(report: AuditReport): string {
  const head = csvLine(["section", "sequence", "at", "actor", "environment", "summary", "reason", "ended", "operation_id"]);
  return head + report.sections.flatMap(({ name, lines }) => lines.map((row) => csvLine([name, row.sequence, row.at, row.actor, row.environment, row.summary, row.reason, row.ended, row.operationId]))).join("");
}

import { handle, serve } from "#app/api/v1/_handler.ts";
import { reportAnswer } from "#app/api/v1/audit/report/_answer.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { reportMarkdown } from "#lib/domain/audit-report.ts";
import { readAuditReport } from "#lib/services/audit/report.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readAuditReportMarkdown, async ({ context, actor, query }) => reportAnswer(reportMarkdown(await readAuditReport(context, actor, query.month), context.config.platform.name), query.month, "md")),
});

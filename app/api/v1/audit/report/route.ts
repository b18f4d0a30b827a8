import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readAuditReport } from "#lib/services/audit/report.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readAuditReport, ({ context, actor, query }) => readAuditReport(context, actor, query.month)),
});

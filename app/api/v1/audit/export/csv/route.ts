import { handle, serve } from "#app/api/v1/_handler.ts";
import { streamLines } from "#app/api/v1/_lines.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { exportAuditCsv } from "#lib/services/audit/export-csv.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.exportAuditCsv, async ({ context, actor, query }) =>
    streamLines(await exportAuditCsv(context, actor, query), { "content-type": "text/csv; charset=utf-8; header=present", "content-disposition": 'attachment; filename="vigie-audit.csv"' }),
  ),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { streamLines } from "#app/api/v1/_lines.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { exportAudit } from "#lib/services/audit/export.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.exportAudit, async ({ context, actor, query }) => {
    const { lines, from, to } = await exportAudit(context, actor, query);
    return streamLines(lines, { "content-type": "application/jsonl; charset=utf-8", "content-disposition": `attachment; filename="vigie-audit-${from}-${to}.jsonl"` });
  }),
});

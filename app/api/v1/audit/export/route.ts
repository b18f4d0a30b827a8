import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { exportAudit } from "#lib/services/audit/export.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.exportAudit, async ({ context, actor, query }) => {
    const { lines, from, to } = await exportAudit(context, actor, query);
    // Pulled as fast as it is read and no faster: a page of the log at a time stands in memory.
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: async () => void (await lines.return(undefined)),
    });
    return new Response(body, { headers: { "content-type": "application/jsonl; charset=utf-8", "cache-control": "no-store", "x-content-type-options": "nosniff", "content-disposition": `attachment; filename="vigie-audit-${from}-${to}.jsonl"` } });
  }),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { verifyAudit } from "#lib/services/audit/verify.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.verifyAudit, ({ context, actor, query, request }) => verifyAudit(context, actor, { ...query, signal: request.signal })),
});

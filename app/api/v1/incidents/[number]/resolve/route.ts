import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { resolveIncident } from "#lib/services/incident/resolve.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.resolveIncident, ({ context, actor, params, body }) => resolveIncident(context, actor, params.number ?? "", body)),
});

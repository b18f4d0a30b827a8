import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { assignIncident } from "#lib/services/incident/assign.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.assignIncident, ({ context, actor, params, body }) => assignIncident(context, actor, params.number ?? "", body)),
});

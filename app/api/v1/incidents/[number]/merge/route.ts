import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { mergeIncident } from "#lib/services/incident/merge.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.mergeIncident, ({ context, actor, params, body }) => mergeIncident(context, actor, params.number ?? "", body)),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { acknowledgeIncident } from "#lib/services/incident/acknowledge.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.acknowledgeIncident, ({ context, actor, params }) => acknowledgeIncident(context, actor, params.number ?? "")),
});

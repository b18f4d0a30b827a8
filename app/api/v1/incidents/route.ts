import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { listIncidents } from "#lib/services/incident/list.ts";
import { openIncident } from "#lib/services/incident/open.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listIncidents, ({ context, actor, query }) => listIncidents(context, actor, query)),
  POST: handle(endpoints.openIncident, ({ context, actor, body }) => openIncident(context, actor, body)),
});

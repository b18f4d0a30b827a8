import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readIncident } from "#lib/services/incident/read.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readIncident, ({ context, actor, params }) => readIncident(context, actor, params.number ?? "")),
});

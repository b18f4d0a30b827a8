import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readIncidentNumbers } from "#lib/services/incident/numbers.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readIncidentNumbers, ({ context, actor, query }) => readIncidentNumbers(context, actor, query)),
});

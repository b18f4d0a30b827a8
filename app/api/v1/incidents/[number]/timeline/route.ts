import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readTimeline } from "#lib/services/incident/timeline.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readTimeline, ({ context, actor, params, query }) => readTimeline(context, actor, params.number ?? "", query)),
});

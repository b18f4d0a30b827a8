import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { listDrifts } from "#lib/services/drift/list.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listDrift, ({ context, actor, query }) => listDrifts(context, actor, query)),
});

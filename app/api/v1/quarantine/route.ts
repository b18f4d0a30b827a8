import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { listQuarantine } from "#lib/services/quarantine/list.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listQuarantine, async ({ context, actor, query }) => ({ quarantine: await listQuarantine(context, actor, query) })),
});

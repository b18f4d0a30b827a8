import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { listBreakGlass } from "#lib/services/break-glass/list.ts";
import { openBreakGlass } from "#lib/services/break-glass/open.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listBreakGlass, async ({ context, actor, query }) => ({ breakGlass: await listBreakGlass(context, actor, query) })),
  POST: handle(endpoints.openBreakGlass, ({ context, actor, body }) => openBreakGlass(context, actor, body)),
});

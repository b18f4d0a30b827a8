import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import { listPanels } from "#lib/services/grafana/panels.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listPanels, ({ context, actor, query, request }) => listPanels(context, actor, query, portalUrl(context.config), request.signal)),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import { writePostmortem } from "#lib/services/incident/postmortem.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readPostmortem, async ({ context, actor, params }) => {
    const { name, markdown } = await writePostmortem(context, actor, params.number ?? "", portalUrl(context.config));
    return new Response(markdown, { headers: { "content-type": "text/markdown; charset=utf-8", "content-disposition": `attachment; filename="${name}"`, "cache-control": "no-store", "x-content-type-options": "nosniff" } });
  }),
});

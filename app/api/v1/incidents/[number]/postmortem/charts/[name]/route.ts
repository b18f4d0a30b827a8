import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { drawPostmortemChart } from "#lib/services/incident/postmortem.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readPostmortemChart, async ({ context, actor, params }) => {
    const svg = await drawPostmortemChart(context, actor, params.number ?? "", params.name ?? "");
    return new Response(svg, { headers: { "content-type": "image/svg+xml; charset=utf-8", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "cache-control": "no-store", "x-content-type-options": "nosniff" } });
  }),
});

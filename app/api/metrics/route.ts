import { answerPublic, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { metricsText } from "#lib/runtime/metrics.ts";
import { requireMetricsReader } from "#lib/runtime/metrics-reader.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: answerPublic(endpoints.metrics, async (request) => {
    await requireMetricsReader(request);
    return new Response(await metricsText(getRuntime().context), { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" } });
  }),
});

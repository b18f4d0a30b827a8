import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readGolden } from "#lib/services/metrics/golden.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readGolden, ({ context, actor, query }) => readGolden(context, actor, query)),
});

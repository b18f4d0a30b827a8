import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readStrips } from "#lib/services/history/strip.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readStrips, ({ context, actor, query }) => readStrips(context, actor, query)),
});

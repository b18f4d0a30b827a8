import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readCheckpoints } from "#lib/services/audit/checkpoints.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listCheckpoints, ({ context, actor }) => readCheckpoints(context, actor)),
});

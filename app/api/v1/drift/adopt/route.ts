import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { adoptDrift } from "#lib/services/drift/adopt.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.adoptDrift, ({ context, actor, body }) => adoptDrift(context, actor, body)),
});

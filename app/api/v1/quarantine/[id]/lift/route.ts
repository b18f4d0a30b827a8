import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { liftQuarantine } from "#lib/services/quarantine/lift.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.liftQuarantine, ({ context, actor, body, params }) => liftQuarantine(context, actor, params.id ?? "", body)),
});

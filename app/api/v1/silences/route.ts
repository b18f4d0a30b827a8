import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { silenceSignal } from "#lib/services/signal/silence.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.silenceAlert, ({ context, actor, body }) => silenceSignal(context, actor, body)),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { endSilence } from "#lib/services/signal/unsilence.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  DELETE: handle(endpoints.endSilence, ({ context, actor, query, params }) => endSilence(context, actor, params.id ?? "", query)),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { revokeSession } from "#lib/services/session/revoke.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  DELETE: handle(endpoints.revokeSession, ({ context, actor, params }) => revokeSession(context, actor, params.id ?? "")),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { revokeToken } from "#lib/services/token/revoke.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  DELETE: handle(endpoints.revokeToken, ({ context, actor, params }) => revokeToken(context, actor, params.id ?? "")),
});

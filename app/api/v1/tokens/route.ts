import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { createToken } from "#lib/services/token/create.ts";
import { listTokens } from "#lib/services/token/list.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listTokens, async ({ context, actor }) => ({ tokens: await listTokens(context, actor) })),
  POST: handle(endpoints.createToken, ({ context, actor, body }) => createToken(context, actor, body)),
});

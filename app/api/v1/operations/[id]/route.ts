import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { readOperation } from "#lib/services/operation/read.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readOperation, ({ context, actor, params }) => readOperation(context, actor, params.id ?? "")),
});

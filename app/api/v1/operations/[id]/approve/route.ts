import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { approveOperation } from "#lib/services/approval/give.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.approveOperation, ({ context, actor, body, params }) => approveOperation(context, actor, params.id ?? "", body)),
});

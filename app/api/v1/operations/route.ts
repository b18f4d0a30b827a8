import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { VigieError } from "#lib/domain/error.ts";
import { listOperations } from "#lib/services/operation/list.ts";
import { requestOperation } from "#lib/services/operation/request.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.listOperations, ({ context, actor, query }) => listOperations(context, actor, query)),
  POST: handle(endpoints.requestOperation, ({ context, actor, body, request }) => {
    const key = request.headers.get("idempotency-key");
    if (key === null || key === "") throw new VigieError("invalid", "The header Idempotency-Key is missing. Send one key of your choice for one intent, and the same key when you try again.");
    return requestOperation(context, actor, body, key);
  }),
});

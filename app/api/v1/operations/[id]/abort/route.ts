import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.abortOperation, ({ context, actor, params }) => abortOperation(context, actor, params.id ?? "")),
});

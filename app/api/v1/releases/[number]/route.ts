import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { describeRelease } from "#lib/services/release/describe.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readRelease, ({ context, actor, query, params }) => describeRelease(context, actor, query.environment, params.number ?? "")),
});

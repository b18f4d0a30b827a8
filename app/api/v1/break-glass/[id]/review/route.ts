import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { reviewBreakGlass } from "#lib/services/break-glass/review.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.reviewBreakGlass, ({ context, actor, body, params }) => reviewBreakGlass(context, actor, params.id ?? "", body)),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { createPlan } from "#lib/services/plan/create.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.createPlan, ({ context, actor, body }) => createPlan(context, actor, body)),
});

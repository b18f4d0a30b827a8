import { json } from "#app/api/v1/_answer.ts";
import { answerPublic, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: answerPublic(endpoints.healthz, async () => json({ status: "ok" })),
});

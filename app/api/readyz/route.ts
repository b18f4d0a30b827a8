import { json } from "#app/api/v1/_answer.ts";
import { answerPublic, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { prepareIdentity } from "#lib/runtime/identity.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readReadiness } from "#lib/services/health/ready.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: answerPublic(endpoints.readyz, async () => {
    const runtime = getRuntime();
    // A portal whose sign-in is not safe never becomes ready.
    prepareIdentity(runtime);
    const readiness = await readReadiness(runtime.context);
    return json(readiness, readiness.status === "ready" ? 200 : 503);
  }),
});

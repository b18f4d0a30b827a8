import { json } from "#app/api/v1/_answer.ts";
import { answerPublic, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { openapiDocument } from "#lib/contracts/openapi.ts";
import { sessionCookieName } from "#lib/domain/session-cookie.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: answerPublic(endpoints.openapi, async () => {
    const url = portalUrl(getRuntime().config);
    return json(openapiDocument({ url, sessionCookie: sessionCookieName(url), version: "1" }));
  }),
});

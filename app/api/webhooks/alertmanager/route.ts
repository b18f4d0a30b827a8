import { answerPublic, serve } from "#app/api/v1/_handler.ts";
import { json } from "#app/api/v1/_answer.ts";
import { readBytes, requireJson } from "#app/api/v1/_body.ts";
import { webhookQuerySchema } from "#lib/contracts/alertmanager-webhook.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { VigieError } from "#lib/domain/error.ts";
import { clientAddress } from "#lib/runtime/client-address.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { receiveAlerts } from "#lib/services/signal/receive.ts";

export const dynamic = "force-dynamic";

const maximumBytes = 1_048_576;

export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: answerPublic(endpoints.receiveAlerts, async (request) => {
    const { context, config, secretOf } = getRuntime();
    requireJson(request);
    const query = webhookQuerySchema.safeParse(Object.fromEntries(new URL(request.url).searchParams));
    if (!query.success) throw new VigieError("invalid", "The address of this webhook takes one parameter, environment.");
    const body = (): Promise<Uint8Array> => readBytes(request, maximumBytes, "1 MiB; set max_alerts of Alertmanager's webhook_config");
    const { webhookSecret } = config.alerting;
    const message = { body, address: clientAddress(request), authorization: request.headers.get("authorization"), signature: request.headers.get("x-vigie-signature"), environment: query.data.environment };
    return json(await receiveAlerts(context, message, webhookSecret === undefined ? null : secretOf(webhookSecret)));
  }),
});

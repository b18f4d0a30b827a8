import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { testChannel } from "#lib/services/notification/send-test.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({ POST: handle(endpoints.testChannel, ({ context, actor, params }) => testChannel(context, actor, params.channel ?? "")) });

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { retryNotification } from "#lib/services/notification/retry.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({ POST: handle(endpoints.retryNotification, ({ context, actor, params }) => retryNotification(context, actor, params.id ?? "")) });

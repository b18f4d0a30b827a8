import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { listNotifications } from "#lib/services/notification/list.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({ GET: handle(endpoints.listNotifications, ({ context, actor }) => listNotifications(context, actor)) });

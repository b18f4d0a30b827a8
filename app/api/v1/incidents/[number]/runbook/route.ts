import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { tickRunbook } from "#lib/services/runbook/tick.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({ POST: handle(endpoints.tickRunbook, ({ context, actor, body, params }) => tickRunbook(context, actor, params.number ?? "", body)) });

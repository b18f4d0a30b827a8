import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { noteIncident } from "#lib/services/incident/note.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  POST: handle(endpoints.noteIncident, ({ context, actor, params, body }) => noteIncident(context, actor, params.number ?? "", body)),
});

import { handle, serve } from "#app/api/v1/_handler.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import { evidenceFileName, readEvidence } from "#lib/services/incident/evidence.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.readEvidence, async ({ context, actor, params }) => {
    const evidence = await readEvidence(context, actor, params.id ?? "");
    // What a container wrote is never shown as a page of the portal: text, to be saved, and nothing in it runs.
    return new Response(evidence.content, {
      headers: {
        "content-type": "text/plain; charset=utf-8", "content-disposition": `attachment; filename="${evidenceFileName(evidence)}"`,
        "x-content-type-options": "nosniff", "cache-control": "no-store", "content-security-policy": "sandbox; default-src 'none'",
      },
    });
  }),
});

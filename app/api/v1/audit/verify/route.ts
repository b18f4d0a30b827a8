import { errorAnswer } from "#app/api/v1/_answer.ts";
import { handle, serve } from "#app/api/v1/_handler.ts";
import { streamLines } from "#app/api/v1/_lines.ts";
import { endpoints } from "#lib/contracts/endpoints.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { verifyAudit, verifyAuditStepwise } from "#lib/services/audit/verify.ts";

const ndjson = "application/x-ndjson";

/** A failure after the first line can have no status any more: it is the last line. */
async function* written(steps: AsyncGenerator<object>, log: ServiceContext["log"]): AsyncGenerator<string, void> {
  let begun = false;
  try {
    for await (const step of steps) {
      yield `${JSON.stringify(step)}\n`;
      begun = true;
    }
  } catch (error) {
    if (!begun) throw error;
    yield `${await errorAnswer(error, log, { method: "GET", path: endpoints.verifyAudit.path }).text()}\n`;
  }
}

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE } = serve({
  GET: handle(endpoints.verifyAudit, ({ context, actor, query, request }) =>
    request.headers.get("accept")?.includes(ndjson)
      ? streamLines(written(verifyAuditStepwise(context, actor, query), context.log), { "content-type": `${ndjson}; charset=utf-8`, vary: "accept" })
      : verifyAudit(context, actor, { ...query, signal: request.signal }),
  ),
});

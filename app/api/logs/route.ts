import { randomBytes } from "node:crypto";
import type { LogEvent } from "#lib/contracts/log.ts";
import { recordNobody } from "#app/api/v1/_handler.ts";
import { databaseAwaySentence, isDatabaseAway } from "#lib/domain/database-away.ts";
import { errorHttpStatus, isVigieError } from "#lib/domain/error.ts";
import type { AnswerCode } from "#lib/domain/error.ts";
import { actorOfRequest } from "#lib/runtime/session.ts";
import { getRuntime, openClusters } from "#lib/runtime/wiring.ts";
import { takeLimit } from "#lib/services/limit/take.ts";
import { followLog } from "#lib/services/log/follow.ts";

export const dynamic = "force-dynamic";
export const runtime = "nodejs";

/** One process reads at most so many logs at once, so that curious browsers cannot cost the API server its connections. */
const mostLogs = 40;
/** A log that is followed longer asks to be opened again: by then the role may be another. */
const longestMs = 15 * 60_000;
const askAgainMs = 10_000;

const shared = globalThis as typeof globalThis & { vigieLogClusters?: ReturnType<typeof openClusters>; vigieOpenLogs?: number };

function refusal(code: AnswerCode, message: string, reference = randomBytes(6).toString("hex")): Response {
  return Response.json({ error: { code, message, detail: null, reference } }, { status: errorHttpStatus[code], headers: { "cache-control": "no-store" } });
}

/** GET /api/logs: server-sent events as in lib/contracts/log.ts. */
export async function GET(request: Request): Promise<Response> {
  const { context, log } = getRuntime();
  const stop = new AbortController();
  request.signal.addEventListener("abort", () => stop.abort(), { once: true });
  const opened = Date.now();
  let events: AsyncIterator<LogEvent>;
  try {
    const signedIn = await actorOfRequest(request);
    if (!signedIn) await recordNobody(context, request, "GET /api/logs");
    if (!signedIn) return refusal("unauthenticated", "You are not signed in. Sign in and open the log again.");
    await takeLimit(context, "read", signedIn);
    if ((shared.vigieOpenLogs ?? 0) >= mostLogs) return refusal("unavailable", `${mostLogs} logs are being followed already. Close one, or try again in a minute.`);
    const query = Object.fromEntries(new URL(request.url).searchParams);
    const followed = await followLog(context, signedIn.actor, clusterOf, query, stop.signal);
    events = followed[Symbol.asyncIterator]();
  } catch (error) {
    if (isVigieError(error)) return refusal(error.code, error.message);
    const reference = randomBytes(6).toString("hex");
    log.error({ reference, error }, "a log could not be opened");
    if (isDatabaseAway(error)) return refusal("unavailable", databaseAwaySentence, reference);
    return refusal("internal", "The log could not be opened: a mistake of Vigie's own. Give the reference to whoever looks after it.", reference);
  }

  shared.vigieOpenLogs = (shared.vigieOpenLogs ?? 0) + 1;
  let farewell: Extract<LogEvent, { type: "ended" | "failed" }> | null = null;
  const end = (type: "ended" | "failed", text: string) => {
    farewell ??= { type, text };
    stop.abort();
  };
  const tooLong = setTimeout(() => end("ended", "Followed for 15 minutes. Press Pause and Follow to go on."), longestMs);
  const asking = setInterval(() => {
    // While the database is away nobody can be asked; the limit above still holds.
    actorOfRequest(request, { use: false }).then((now) => (now ? undefined : end("failed", "Your session has ended. Sign in again.")), () => undefined);
  }, askAgainMs);
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    shared.vigieOpenLogs = Math.max(0, (shared.vigieOpenLogs ?? 1) - 1);
    clearTimeout(tooLong);
    clearInterval(asking);
    stop.abort();
  };
  stop.signal.addEventListener("abort", () => (request.signal.aborted ? close() : undefined), { once: true });

  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // A first byte at once: the browser knows that the stream is open although the container is silent.
      controller.enqueue(encoder.encode(": open\n\n"));
    },
    async pull(controller) {
      let last: LogEvent = { type: "ended", text: "The log has ended." };
      try {
        const next = await events.next();
        if (!next.done && (farewell === null || (next.value.type !== "ended" && next.value.type !== "failed"))) {
          controller.enqueue(encoder.encode(frame(next.value)));
          if (next.value.type !== "ended" && next.value.type !== "failed") return;
          close();
          controller.close();
          return;
        }
      } catch (error) {
        if (!stop.signal.aborted) {
          log.info({ error, seconds: (Date.now() - opened) / 1000 }, "a log broke off");
          last = { type: "failed", text: error instanceof Error ? error.message : "The log broke off." };
        }
      }
      controller.enqueue(encoder.encode(frame(farewell ?? last)));
      close();
      controller.close();
    },
    cancel: close,
  });
  return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache, no-transform", "x-accel-buffering": "no" } });
}

async function clusterOf(environment: string) {
  shared.vigieLogClusters ??= openClusters(getRuntime());
  return (await shared.vigieLogClusters).forEnvironment(environment);
}

/** JSON has no line breaks of its own, so a line of a log cannot forge an event. */
function frame(event: LogEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

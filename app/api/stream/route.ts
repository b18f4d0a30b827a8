import { recordNobody } from "#app/api/v1/_handler.ts";
import { errorHttpStatus } from "#lib/domain/error.ts";
import { actorOfRequest } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { frameOf } from "#lib/services/state/frame.ts";
import { getLive } from "#lib/services/state/live.ts";
import { visibleEnvironments } from "#lib/services/state/visible.ts";

export const dynamic = "force-dynamic";
export const runtime = "nodejs";

/** A session that was ended, or whose grants changed, is told of at once; within this time where nobody tells (its limits, a configuration). */
const askAgainMs = 5_000;

function refusal(code: "unauthenticated" | "denied" | "unavailable", message: string): Response {
  return Response.json({ error: { code, message } }, { status: errorHttpStatus[code], headers: { "cache-control": "no-store" } });
}

/** Position after which the reader wants to go on: what it heard last, or what the page it stands on was made from. Null: from a snapshot. */
function resumeFrom(request: Request): number | null {
  const given = request.headers.get("last-event-id") ?? new URL(request.url).searchParams.get("after");
  return given !== null && /^[0-9]{1,15}$/.test(given) ? Number(given) : null;
}

/** GET /api/stream: server-sent events as in lib/contracts/stream.ts. */
export async function GET(request: Request): Promise<Response> {
  const { context, config, databaseUrl, log } = getRuntime();
  // The browser opens this by itself, again and again: that somebody looks is no use of the session.
  const signedIn = await actorOfRequest(request, { use: false }).catch((error: unknown) => {
    log.warn({ err: error }, "a stream could not be opened: nobody can be asked who calls");
    return "unavailable" as const;
  });
  if (signedIn === "unavailable") return refusal("unavailable", "The stream cannot be opened right now: the database does not answer. Your browser tries again by itself.");
  if (!signedIn) await recordNobody(context, request, "GET /api/stream").catch((error: unknown) => log.warn({ err: error }, "a refusal could not be written down"));
  if (!signedIn) return refusal("unauthenticated", "You are not signed in. Sign in and open the stream again.");
  let visible = visibleEnvironments(config, signedIn.actor);
  if (visible.length === 0) return refusal("denied", "You may not see any environment. Ask an admin for the role viewer.");

  const live = getLive(context, databaseUrl);
  const encoder = new TextEncoder();
  let subscription = live.subscribe(visible, resumeFrom(request));
  let frames = subscription.frames[Symbol.asyncIterator]();
  let signedOut = false;
  let closed = false;
  let expiry: NodeJS.Timeout | undefined;

  function close(): void {
    closed = true;
    clearTimeout(expiry);
    clearInterval(asking);
    stopAsking();
    subscription.close();
  }
  function signOut(): void {
    signedOut = true;
    subscription.close();
  }
  function endAt(moment: Date): void {
    clearTimeout(expiry);
    expiry = setTimeout(signOut, Math.min(2_147_483_647, Math.max(0, moment.getTime() - Date.now())));
  }
  async function askAgain(): Promise<void> {
    try {
      const now = await actorOfRequest(request, { use: false });
      if (closed) return;
      const seen = now ? visibleEnvironments(config, now.actor) : [];
      if (now === null || seen.length === 0) return signOut();
      endAt(now.sessionExpiresAt);
      if (seen.join(" ") === visible.join(" ")) return;
      visible = seen;
      const before = subscription;
      subscription = live.subscribe(visible, null);
      frames = subscription.frames[Symbol.asyncIterator]();
      before.close();
    } catch (error) {
      // While the database is away nobody can be asked; the session's own end still holds.
      log.debug({ err: error }, "a stream's session could not be asked for");
    }
  }
  endAt(signedIn.sessionExpiresAt);
  const asking = setInterval(() => void askAgain(), askAgainMs);
  const stopAsking = live.onAccess(`${signedIn.actor.kind}:${signedIn.actor.id}`, () => void askAgain());
  request.signal.addEventListener("abort", close, { once: true });
  if (request.signal.aborted) close();

  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const reading = frames;
        const next = await reading.next();
        // Ended while it waited: what it was handed then is for nobody.
        if (!next.done && !signedOut) return controller.enqueue(encoder.encode(next.value.text));
        // The subscription was replaced by one with other environments.
        if (reading !== frames) continue;
        if (signedOut && !closed) controller.enqueue(encoder.encode(frameOf({ type: "signed-out", data: {} }, null, null).text));
        close();
        return controller.close();
      }
    },
    cancel: close,
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      connection: "keep-alive",
    },
  });
}

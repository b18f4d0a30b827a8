import { errorAnswer } from "#app/api/v1/_answer.ts";
import { recordNobody } from "#app/api/v1/_handler.ts";
import { VigieError } from "#lib/domain/error.ts";
import { isPanelMoment } from "#lib/domain/grafana-panel.ts";
import { actorOfRequest } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { takeLimit } from "#lib/services/limit/take.ts";
import { readPicture } from "#lib/services/grafana/panels.ts";
import type { PictureQuery } from "#lib/services/grafana/panels.ts";

export const dynamic = "force-dynamic";

const prefix = "/grafana/render";
/** What the page decides; everything else must be as the configuration has it. */
const ofView = ["from", "to", "theme", "timezone", "width", "height", "round"];

/**
 * Pictures of Grafana's panels under the portal's own origin (embed: proxy). Not Grafana's pages: their scripts do not start without storage, and
 * storage would mean our origin, so that they could do whatever the signed-in person may. Nothing of the caller's headers goes there, nor of Grafana's back.
 */
export async function GET(request: Request): Promise<Response> {
  const { context } = getRuntime();
  const url = new URL(request.url);
  try {
    const signedIn = await actorOfRequest(request);
    if (signedIn === null) await recordNobody(context, request, "GET /grafana");
    if (signedIn === null) throw new VigieError("unauthenticated", "Nobody is signed in. Sign in to the portal, or send an API token in the header Authorization: Bearer vgt_….");
    await takeLimit(context, "read", signedIn);
    const { contentType, body } = await readPicture(context, signedIn.actor, pictureQuery(url), request.signal);
    // Copied, because a Buffer may be a view of memory that is shared.
    return new Response(new Uint8Array(body), { headers: { "content-type": contentType, "cache-control": "private, no-store", "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "x-content-type-options": "nosniff" } });
  } catch (error) {
    return errorAnswer(error, context.log, { method: request.method, path: url.pathname });
  }
}

function pictureQuery(url: URL): PictureQuery {
  if (!url.pathname.startsWith(`${prefix}/d-solo/`)) throw new VigieError("not-found", `Under /grafana there are only pictures of panels, at ${prefix}/d-solo/….`);
  const rest = [...url.searchParams].filter(([name]) => !ofView.includes(name));
  const { from = "now-1h", to = "now", theme = "light", width = "1000", height = "500" } = Object.fromEntries(url.searchParams);
  if (!isPanelMoment(from) || !isPanelMoment(to)) throw new VigieError("invalid", 'Name the time as from and to: milliseconds since 1970, "now" or "now-1h".');
  const size = (text: string): number => {
    if (!/^\d{2,4}$/.test(text) || Number(text) > 2_000) throw new VigieError("invalid", "A picture is at most 2000 pixels wide and high.");
    return Number(text);
  };
  return { path: `${url.pathname.slice(prefix.length)}?${new URLSearchParams(rest)}`, from, to, theme: theme === "dark" ? "dark" : "light", width: size(width), height: size(height) };
}

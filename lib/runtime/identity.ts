import { handleIdentity } from "#lib/adapters/identity/handle.ts";
import type { IdentityPortal } from "#lib/adapters/identity/options.ts";
import { deviceWords } from "#lib/domain/device-words.ts";
import { isVigieError, VigieError } from "#lib/domain/error.ts";
import { refusalHeaders } from "#lib/domain/rate-limit.ts";
import { clientAddress } from "#lib/runtime/client-address.ts";
import { checkPortal } from "#lib/runtime/portal-url.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import type { Runtime } from "#lib/runtime/wiring.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import { takeLimit } from "#lib/services/limit/take.ts";
import { createSignInStore } from "#lib/services/session/sign-in.ts";

/**
 * Before the web process answers: refuses a portal whose sign-in would not be safe, tells next-auth and the proxy the portal's address
 * (NEXTAUTH_URL), and the proxy whose pages ours may frame (VIGIE_FRAME_ORIGIN). Throws VigieError "invalid" with what to mend.
 */
export function prepareIdentity(runtime: Pick<Runtime, "config">): string {
  const url = checkPortal(runtime.config);
  process.env.NEXTAUTH_URL = url;
  process.env.VIGIE_FRAME_ORIGIN = frameOrigin(runtime.config) ?? "";
  return url;
}

/** Origin of Grafana where browsers frame it; null where there is none, or only its pictures are shown. */
function frameOrigin({ grafana }: Pick<Runtime["config"], "grafana">): string | null {
  return grafana === undefined || grafana.embed === "proxy" || grafana.panels.length === 0 ? null : new URL(grafana.publicUrl ?? grafana.url).origin;
}

/** Answers everything below /api/auth. */
export async function answerIdentity(request: Request, segments: readonly string[]): Promise<Response> {
  const runtime = getRuntime();
  const { context } = runtime;
  const portal: IdentityPortal = {
    access: runtime.config.access,
    url: prepareIdentity(runtime),
    secret: runtime.secret,
    secretOf: runtime.secretOf,
    store: createSignInStore(context, { device: deviceWords(request.headers.get("user-agent")), address: clientAddress(request) }),
    clock: context.clock,
    log: runtime.log,
    async onRefused(refusal, provider) {
      const address = clientAddress(request);
      const shown = runtime.config.access.providers.some((candidate) => candidate.id === provider) ? provider : "an unknown provider";
      await recordRefusal(context, { action: "session.denied", actor: { kind: "person", id: "anonymous", name: `somebody at ${address}` }, summary: `A sign-in through ${shown} from ${address} came to nothing: ${refusal}`, after: { provider: shown, refused: refusal, address } });
    },
  };
  try {
    const action = segments[0];
    // Signing out is never too often; a page that is only shown is none either.
    if (segments.length === 2 && (action === "signin" || action === "callback")) await takeLimit(context, "sign-in", { address: clientAddress(request) });
    return await handleIdentity(request, segments, portal);
  } catch (error) {
    if (isVigieError(error) && error.code === "limited") return tooOften(portal.url, error);
    runtime.log.error({ error }, "sign-in could not be answered");
    if (error instanceof VigieError && error.code === "invalid") throw error;
    return new Response(null, { status: 303, headers: { location: `${portal.url}/sign-in?error=unavailable`, "cache-control": "no-store" } });
  }
}

/** A person reads this in the browser, without a script: 429 with the sentence and the way back. */
function tooOften(portalUrl: string, { message, detail }: VigieError): Response {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Too many sign-ins</title></head><body><h1>Too many sign-ins</h1><p>${message}</p><p><a href="${portalUrl}/sign-in">Back to the sign-in page</a></p></body></html>`;
  return new Response(html, { status: 429, headers: { ...refusalHeaders(detail), "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" } });
}

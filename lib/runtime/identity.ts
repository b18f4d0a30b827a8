import { handleIdentity } from "#lib/adapters/identity/handle.ts";
import type { IdentityPortal } from "#lib/adapters/identity/options.ts";
import { deviceWords } from "#lib/domain/device-words.ts";
import { VigieError } from "#lib/domain/error.ts";
import { clientAddress } from "#lib/runtime/client-address.ts";
import { checkPortal } from "#lib/runtime/portal-url.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import type { Runtime } from "#lib/runtime/wiring.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
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
    return await handleIdentity(request, segments, portal);
  } catch (error) {
    runtime.log.error({ error }, "sign-in could not be answered");
    if (error instanceof VigieError && error.code === "invalid") throw error;
    return new Response(null, { status: 303, headers: { location: `${portal.url}/sign-in?error=unavailable`, "cache-control": "no-store" } });
  }
}

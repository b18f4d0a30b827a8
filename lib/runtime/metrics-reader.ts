import { isLoopbackHost } from "#lib/domain/request-origin.ts";
import { VigieError } from "#lib/domain/error.ts";
import { isStraightFrom } from "#lib/runtime/client-address.ts";
import { listenAddress } from "#lib/runtime/listen-address.ts";
import { actorOfRequest } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { authorise } from "#lib/services/authorise.ts";

/**
 * Metrics name environments and Big Pods, so they are not for everybody (docs/adr/0004): without a token only where the portal listens on loopback
 * and no proxy stands between; elsewhere with a token or session of any role. Throws VigieError "unauthenticated" or "denied".
 */
export async function requireMetricsReader(request: Request): Promise<void> {
  const presented = request.headers.has("authorization");
  if (!presented && isLoopbackHost(listenAddress().host) && isStraightFrom(request, isLoopbackHost)) return;
  const signedIn = await actorOfRequest(request);
  if (signedIn === null) throw new VigieError("unauthenticated", "Metrics take an API token of any role. Let Prometheus send it as bearer token (authorization.credentials_file).");
  await authorise(getRuntime().context, signedIn.actor, "state.read", null, "read the metrics");
}

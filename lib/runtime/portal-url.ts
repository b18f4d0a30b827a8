import { checkIdentity } from "#lib/adapters/identity/check.ts";
import type { Config } from "#lib/contracts/config.ts";
import { isLoopback, listenAddress } from "#lib/runtime/listen-address.ts";
import { checkBootstrapToken } from "#lib/services/token/authenticate.ts";

/** Origin that people use: server.url of the configuration, else NEXTAUTH_URL, else where the portal listens. */
export function portalUrl(config: Config): string {
  const { host, port } = listenAddress();
  return new URL(config.server.url ?? process.env.NEXTAUTH_URL ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`).origin;
}

/** Refuses a portal whose sign-in would not be safe; returns its address. Throws VigieError "invalid" with what to mend. */
export function checkPortal(config: Config): string {
  const { host } = listenAddress();
  const url = portalUrl(config);
  // NEXTAUTH_URL counts as server.url only on loopback: elsewhere the address is a matter of the configuration.
  checkIdentity(isLoopback(host) ? { ...config, server: { ...config.server, url } } : config, host);
  checkBootstrapToken(process.env.VIGIE_BOOTSTRAP_TOKEN);
  return url;
}

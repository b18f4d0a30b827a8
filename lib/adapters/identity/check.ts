import type { Config } from "#lib/contracts/config.ts";
import { isLoopbackHost } from "#lib/domain/request-origin.ts";
import { VigieError } from "#lib/domain/error.ts";

/**
 * At start: refuses a portal whose sign-in somebody on the network could read or take over. Plain http is for loopback only, at both
 * ends: this is what keeps the demo's ready accounts (an issuer on loopback) from existing anywhere else.
 * `host` is the address the portal listens on. Throws VigieError "invalid" that names every mistake.
 */
export function checkIdentity(config: Config, host: string): void {
  const mistakes: string[] = [];
  const url = config.server.url === undefined ? null : new URL(config.server.url);
  const listensOnLoopback = isLoopbackHost(host);
  if (!listensOnLoopback && url === null) mistakes.push(`server.url is missing: the portal listens on ${host}, so it cannot know the address people use. Set server.url to that address (https).`);
  if (url !== null && url.protocol === "http:" && !(listensOnLoopback && isLoopbackHost(url.hostname))) {
    mistakes.push(`server.url is ${url.origin}, which sends sessions over the network in the clear. Use https, or let the portal listen on 127.0.0.1 only.`);
  }
  const onLoopback = listensOnLoopback && (url === null || isLoopbackHost(url.hostname));
  for (const provider of config.access.providers) {
    const address = new URL(provider.kind === "oidc" ? provider.issuer : (provider.url ?? "https://github.com"));
    if (address.protocol === "https:" || (isLoopbackHost(address.hostname) && onLoopback)) continue;
    mistakes.push(
      isLoopbackHost(address.hostname)
        ? `access.providers: ${provider.id} is a sign-in service on this machine over plain http (${address.origin}), which is allowed only while the portal itself listens on loopback. The demo's ready accounts exist only there: set HOST=127.0.0.1, or configure a sign-in service over https.`
        : `access.providers: ${provider.id} is reached over plain http (${address.origin}). Use its https address.`,
    );
  }
  if (mistakes.length > 0) throw new VigieError("invalid", `Nobody could sign in safely:\n${mistakes.map((mistake) => `  ${mistake}`).join("\n")}`, { detail: { mistakes } });
}

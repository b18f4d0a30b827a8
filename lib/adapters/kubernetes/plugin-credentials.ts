import type { RequestOptions } from "node:https";
import { VigieError } from "#lib/domain/error.ts";
import type { Credentials } from "#lib/adapters/kubernetes/connection.ts";
import type { KubeconfigContext } from "#lib/adapters/kubernetes/kubeconfig.ts";

/**
 * Credentials from `exec` plug-ins and auth providers, by the official client, which caches them until they expire.
 * It is loaded only here: it weighs some 90 MB, and most kubeconfigs need no plug-in.
 * @throws VigieError "upstream" when the plug-in fails
 */
export function createPluginCredentials(kubeconfig: KubeconfigContext): () => Promise<Credentials> {
  const load = async () => {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig.file, { onInvalidEntry: "filter" });
    config.setCurrentContext(kubeconfig.context);
    return config;
  };
  let loaded: ReturnType<typeof load> | null = null;

  return async () => {
    const options: RequestOptions = { headers: {} };
    try {
      loaded ??= load();
      // It also sets options.agent, made once from the first certificate and never renewed: left unused on purpose.
      await (await loaded).applyToHTTPSOptions(options);
    } catch (cause) {
      const plugin = kubeconfig.user.exec?.command ?? kubeconfig.user["auth-provider"]?.name ?? "";
      throw new VigieError("upstream", `The credential plug-in ${JSON.stringify(plugin)} of the user ${JSON.stringify(kubeconfig.userName)} in ${kubeconfig.file} failed. Run it by hand to see why.`, { cause });
    }
    const headers: Credentials["headers"] = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (typeof value === "string") headers[name.toLowerCase()] = value;
    }
    return { headers, tls: { ...(isMaterial(options.cert) && { cert: options.cert }), ...(isMaterial(options.key) && { key: options.key }) } };
  };
}

function isMaterial(value: unknown): value is string | Buffer {
  return typeof value === "string" || Buffer.isBuffer(value);
}

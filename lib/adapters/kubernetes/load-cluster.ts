import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { ClusterConfig } from "#lib/contracts/config.ts";
import { connectionInCluster, connectionOfKubeconfig, type ClusterConnection } from "#lib/adapters/kubernetes/connection.ts";
import { readKubeconfig, refusePlugins, type KubeconfigContext } from "#lib/adapters/kubernetes/kubeconfig.ts";

export interface LoadedCluster {
  /** The context's name, or "in-cluster". */
  context: string;
  /** File it came from; null in-cluster. */
  file: string | null;
  /** Equal for configurations that mean the same cluster and user. */
  key: string;
  connection: ClusterConnection;
}

/**
 * Finds out how to talk to a cluster. Nothing is sent yet.
 * @param baseDir folder of vigie.yaml, which kubeconfig paths are relative to
 * @throws VigieError "invalid" with a sentence that names file, context or user, and what to write instead
 */
export function loadCluster(config: ClusterConfig, baseDir: string): LoadedCluster {
  if (config.kubeconfig === undefined) {
    return { context: "in-cluster", file: null, key: "in-cluster", connection: connectionInCluster() };
  }
  const { kubeconfig: path } = config;
  const read = (context: string | undefined): KubeconfigContext => {
    const found = readKubeconfig(path, context, baseDir);
    refusePlugins(found, config.allowPlugins);
    return found;
  };
  const kubeconfig = read(config.context);
  return {
    context: kubeconfig.context,
    file: kubeconfig.file,
    key: JSON.stringify([realpathSync(resolve(baseDir, path)), kubeconfig.context]),
    connection: connectionOfKubeconfig(kubeconfig, () => read(kubeconfig.context)),
  };
}

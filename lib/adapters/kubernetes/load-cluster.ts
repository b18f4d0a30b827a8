import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { ClusterConfig } from "#lib/contracts/config.ts";
import { connectionInCluster, connectionOfKubeconfig, type ClusterConnection } from "#lib/adapters/kubernetes/connection.ts";
import { readKubeconfig, refusePlugins } from "#lib/adapters/kubernetes/kubeconfig.ts";

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
  const kubeconfig = readKubeconfig(config.kubeconfig, config.context, baseDir);
  refusePlugins(kubeconfig, config.allowPlugins);
  return {
    context: kubeconfig.context,
    file: kubeconfig.file,
    key: JSON.stringify([realpathSync(resolve(baseDir, config.kubeconfig)), kubeconfig.context]),
    connection: connectionOfKubeconfig(kubeconfig),
  };
}

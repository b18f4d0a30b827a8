import { basename } from "node:path";
import type { Config } from "#lib/contracts/config.ts";
import { VigieError, isVigieError } from "#lib/domain/error.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import { loadCluster, type LoadedCluster } from "#lib/adapters/kubernetes/load-cluster.ts";

export interface Clusters {
  /** The cluster an environment lives in. Throws VigieError "not-found" for an environment that is not configured. */
  forEnvironment(environment: string): ClusterApi;
  /** Every cluster once. */
  all(): readonly ClusterApi[];
  close(): void;
}

/**
 * One ClusterApi per cluster of the configuration; environments of the same kubeconfig and context share one.
 * @param baseDir folder of vigie.yaml
 * @throws VigieError "invalid" with a line per environment that names it, the file and what to write
 */
export function createClusters(config: Pick<Config, "environments">, baseDir: string, log: Log, options: { requestTimeoutMs?: number } = {}): Clusters {
  const loaded = new Map<string, LoadedCluster>();
  const keyOf = new Map<string, string>();
  const mistakes: string[] = [];
  config.environments.forEach((environment, index) => {
    try {
      const cluster = loadCluster(environment.cluster, baseDir);
      if (!loaded.has(cluster.key)) loaded.set(cluster.key, cluster);
      keyOf.set(environment.name, cluster.key);
    } catch (error) {
      if (!isVigieError(error)) throw error;
      mistakes.push(`environments[${index}] (${environment.name}): ${error.message}`);
    }
  });
  if (mistakes.length > 0) throw new VigieError("invalid", mistakes.join("\n"), { detail: { mistakes } });

  const names = shortNames([...loaded.values()]);
  const apis = new Map([...loaded].map(([key, { connection }]): [string, ClusterApi] => [key, createClusterApi({ name: names.get(key) ?? key, connection, log, ...options })]));
  return {
    forEnvironment(environment) {
      const api = apis.get(keyOf.get(environment) ?? "");
      if (api === undefined) throw new VigieError("not-found", `There is no environment ${JSON.stringify(environment)} in the configuration.`);
      return api;
    },
    all: () => [...apis.values()],
    close() {
      for (const api of apis.values()) api.close();
    },
  };
}

/**
 * The context's name; where several files use the same one (K3s calls every context "default"), the file's name is added, then a number.
 * The same configuration always gives the same names.
 */
export function shortNames(clusters: readonly Pick<LoadedCluster, "key" | "context" | "file">[]): Map<string, string> {
  const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9._@:-]+/g, "-");
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const cluster of clusters) {
    const shared = clusters.filter((other) => plain(other.context) === plain(cluster.context)).length > 1;
    const wanted = shared && cluster.file !== null ? plain(`${cluster.context}@${basename(cluster.file).replace(/\.(ya?ml|kubeconfig|conf|config)$/i, "")}`) : plain(cluster.context);
    let name = wanted;
    for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`;
    taken.add(name);
    names.set(cluster.key, name);
  }
  return names;
}

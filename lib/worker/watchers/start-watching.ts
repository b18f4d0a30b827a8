import type { Config, EnvironmentConfig } from "#lib/contracts/config.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi, ResourceKind } from "#lib/ports/cluster.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { createClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import type { ClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import { createReflector, withoutManagedFields } from "#lib/worker/watchers/reflector.ts";
import type { Reflector } from "#lib/worker/watchers/reflector.ts";
import type { StartWatching, WatchedKind, Watching } from "#lib/worker/watchers/watching.ts";

const described: Record<WatchedKind, { kind: ResourceKind; title: string; required: boolean; managedFields: boolean }> = {
  deployments: { kind: kinds.deployments, title: "Deployments", required: true, managedFields: true },
  replicaSets: { kind: kinds.replicaSets, title: "ReplicaSets", required: true, managedFields: false },
  pods: { kind: kinds.pods, title: "Pods", required: true, managedFields: false },
  // Without events a cause is told less well; without ConfigMaps no release is sealed. Neither makes a tile wrong.
  events: { kind: kinds.events, title: "Events", required: false, managedFields: false },
  configMaps: { kind: kinds.configMaps, title: "ConfigMaps", required: false, managedFields: true },
};

/** Watches environments through their clusters' APIs; one pulse per cluster is shared by all that is watched in it. */
export function createStartWatching(parts: { config: Config; apiOf: (environment: string) => ClusterApi; clock: Clock; random: () => number; log: Log }): { start: StartWatching; close(): Promise<void> } {
  const { apiOf, clock, random, log } = parts;
  const pulses = new Map<ClusterApi, ClusterPulse>();

  function pulseOf(api: ClusterApi): ClusterPulse {
    const pulse = pulses.get(api) ?? createClusterPulse({ api, log });
    pulses.set(api, pulse);
    return pulse;
  }

  function start(environment: EnvironmentConfig, changed: () => void): Watching {
    const api = apiOf(environment.name);
    const reflect = (name: WatchedKind): Reflector => {
      const { kind, title, required, managedFields } = described[name];
      return createReflector({
        api,
        kind,
        namespace: environment.namespace,
        key: `${api.name}/${environment.namespace}/${kind.plural}`,
        environment: environment.name,
        title: `${title} of ${environment.namespace}`,
        required,
        log,
        clock,
        random,
        pulse: pulseOf(api),
        onChange: changed,
        onSource: changed,
        options: managedFields ? {} : { project: withoutManagedFields },
      });
    };
    const watchers = { deployments: reflect("deployments"), replicaSets: reflect("replicaSets"), pods: reflect("pods"), events: reflect("events"), configMaps: reflect("configMaps") };
    for (const reflector of Object.values(watchers)) reflector.start();
    return {
      watchers,
      health: () => null,
      stop: async () => void (await Promise.all(Object.values(watchers).map((reflector) => reflector.stop()))),
    };
  }

  return { start, close: async () => void (await Promise.all([...pulses.values()].map((pulse) => pulse.stop()))) };
}

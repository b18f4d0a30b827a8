import type { Config, EnvironmentConfig } from "#lib/contracts/config.ts";
import { bigPodsByWorkload, isBlueGreen } from "#lib/domain/colour.ts";
import { podsToAsk } from "#lib/domain/fold.ts";
import { sameJson } from "#lib/domain/fold-rollout.ts";
import type { PodHealth } from "#lib/domain/health.ts";
import { silentEnds } from "#lib/domain/fold-last-line.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi, ClusterObject, ResourceKind } from "#lib/ports/cluster.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { createClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import type { ClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import { askedServices } from "#lib/worker/watchers/probe-pod.ts";
import { eitherVersion } from "#lib/worker/watchers/either-version.ts";
import { createHealthProbes } from "#lib/worker/watchers/probe.ts";
import { createLastLines } from "#lib/worker/watchers/last-lines.ts";
import { createNamespaceLook } from "#lib/worker/watchers/namespace-look.ts";
import { createProcessMetrics } from "#lib/worker/watchers/process-metrics.ts";
import { createReflector, podInBrief, withoutManagedFields } from "#lib/worker/watchers/reflector.ts";
import type { Reflector } from "#lib/worker/watchers/reflector.ts";
import { createSurroundingsWatch, watchExtra } from "#lib/worker/watchers/surroundings.ts";
import type { Extra, WatchParts } from "#lib/worker/watchers/surroundings.ts";
import type { StartWatching, WatchedKind, Watching } from "#lib/worker/watchers/watching.ts";

const described: Record<WatchedKind | "services" | "autoscalers" | "olderAutoscalers", { kind: ResourceKind; title: string; required: boolean; managedFields: boolean }> = {
  deployments: { kind: kinds.deployments, title: "Deployments", required: true, managedFields: true },
  replicaSets: { kind: kinds.replicaSets, title: "ReplicaSets", required: true, managedFields: false },
  pods: { kind: kinds.pods, title: "Pods", required: true, managedFields: false },
  // Without events a cause is told less well; without ConfigMaps no release is sealed. Neither makes a tile wrong.
  events: { kind: kinds.events, title: "Events", required: false, managedFields: false },
  configMaps: { kind: kinds.configMaps, title: "ConfigMaps", required: false, managedFields: true },
  // Watched under blue-green only: which colour serves, and what scales it. The managedFields tell who changed a selector.
  services: { kind: kinds.services, title: "Services", required: true, managedFields: true },
  autoscalers: { kind: kinds.horizontalPodAutoscalers, title: "HorizontalPodAutoscalers", required: true, managedFields: false },
  // Before Kubernetes 1.23. What is read of an autoscaler, and written to it, is the same in both.
  olderAutoscalers: { kind: kinds.horizontalPodAutoscalersV1, title: "HorizontalPodAutoscalers", required: true, managedFields: false },
};

/** Nodes belong to a cluster: one watch serves all its environments, and ends with the last of them. */
interface SharedNodes {
  extra: Extra;
  listeners: Set<() => void>;
}

/**
 * Watches environments through their clusters' APIs; one pulse and one watch of the nodes per cluster are shared by all that is watched in it.
 * `metricsOf` gives the Prometheus of an environment (null: none); without it nothing is asked there.
 */
export function createStartWatching(parts: { config: Config; apiOf: (environment: string) => ClusterApi; metricsOf?: (environment: string) => MetricsApi | null; clock: Clock; random: () => number; log: Log }): { start: StartWatching; close(): Promise<void> } {
  const { config, apiOf, clock, random, log } = parts;
  const pulses = new Map<ClusterApi, ClusterPulse>();
  const nodesOf = new Map<ClusterApi, SharedNodes>();

  function shareNodes(watch: WatchParts, changed: () => void): { extra: Extra; leave: () => Promise<void> } {
    let shared = nodesOf.get(watch.api);
    if (shared === undefined) {
      const listeners = new Set<() => void>();
      shared = { listeners, extra: watchExtra("nodes", null, watch, () => listeners.forEach((listener) => listener())) };
      nodesOf.set(watch.api, shared);
    }
    const { extra, listeners } = shared;
    listeners.add(changed);
    return {
      extra,
      async leave() {
        listeners.delete(changed);
        if (listeners.size > 0) return;
        if (nodesOf.get(watch.api)?.extra === extra) nodesOf.delete(watch.api);
        await extra.stop();
      },
    };
  }

  function pulseOf(api: ClusterApi): ClusterPulse {
    const pulse = pulses.get(api) ?? createClusterPulse({ api, log });
    pulses.set(api, pulse);
    return pulse;
  }

  function start(environment: EnvironmentConfig, changed: () => void): Watching {
    const api = apiOf(environment.name);
    const bigPods = bigPodsByWorkload(environment, config.bigPods);
    const podsOfBigPods = (): ClusterObject[] => {
      const pods = watchers.pods.items();
      return podsToAsk(bigPods, watchers.deployments.items().values(), watchers.replicaSets.items().values(), pods).flatMap(({ uid }) => pods.get(uid) ?? []);
    };
    const reflect = (name: keyof typeof described): Reflector => {
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
        onChange({ object }) {
          // Only a pod that ended somehow is worth the search for its owner.
          if (name === "pods" && silentEnds(object).length > 0) lastLines.look(podsOfBigPods());
          if (name === "deployments") {
            namespaceLook.look();
            around.look();
          }
          changed();
        },
        onSource() {
          if (name === "deployments") namespaceLook.look();
          changed();
        },
        options: managedFields ? {} : { project: name === "pods" ? podInBrief : withoutManagedFields },
      });
    };
    const watchers = { deployments: reflect("deployments"), replicaSets: reflect("replicaSets"), pods: reflect("pods"), events: reflect("events"), configMaps: reflect("configMaps") };
    const coloured = isBlueGreen(environment) ? { services: reflect("services"), autoscalers: eitherVersion(reflect("autoscalers"), reflect("olderAutoscalers")) } : null;
    const reflectors = [...Object.values(watchers), ...(coloured === null ? [] : Object.values(coloured))];
    const byPod = new Map<string, PodHealth>();
    const probes = config.bigPods.some((bigPod) => askedServices(bigPod).length > 0)
      ? createHealthProbes({
          api,
          environment,
          config,
          log,
          clock,
          pods: () => podsToAsk(bigPods, watchers.deployments.items().values(), watchers.replicaSets.items().values(), watchers.pods.items()),
          onResult(podUid, result) {
            const before = byPod.get(podUid);
            byPod.set(podUid, result);
            for (const uid of byPod.keys()) if (!watchers.pods.items().has(uid)) byPod.delete(uid);
            // The same answer once more makes no other state; its age is looked at again in time anyway.
            if (before === undefined || !sameJson(before.services, result.services)) changed();
          },
          onSource: changed,
        })
      : null;
    const lastLines = createLastLines({ api, namespace: environment.namespace, log, changed });
    const namespaceLook = createNamespaceLook({ api, namespace: environment.namespace, seemsEmpty: () => watchers.deployments.listed() && watchers.deployments.items().size === 0, changed, log });
    const watch: WatchParts = { api, clock, random, log, pulse: pulseOf(api) };
    const nodes = shareNodes(watch, changed);
    const around = createSurroundingsWatch({ environment, bigPods: config.bigPods, parts: watch, deployments: () => watchers.deployments.items().values(), nodes: nodes.extra, changed });
    const prometheus = config.bigPods.some((bigPod) => bigPod.metrics !== undefined) ? (parts.metricsOf?.(environment.name) ?? null) : null;
    const metrics = prometheus === null ? null : createProcessMetrics({ metrics: prometheus, environment, bigPods: config.bigPods, clock, log, changed });
    for (const reflector of reflectors) reflector.start();
    probes?.start();
    metrics?.start();
    return {
      watchers,
      ...(coloured === null ? {} : { colours: coloured }),
      health() {
        const measured = metrics === null ? {} : { metrics: metrics.input() };
        const others = metrics === null ? [] : [metrics.source()];
        if (probes === null) {
          // Prometheus alone: pods are asked by nobody else, and its own state is that of the knowledge.
          if (metrics === null) return null;
          const source = metrics.source();
          return { input: { status: source.status, reason: source.reason, byPod, ...measured }, source, others: [] };
        }
        const source = probes.source();
        return { input: { status: source.status, reason: source.reason, byPod, ...measured }, source, others };
      },
      surroundings: () => ({ known: around.surroundings(), sources: around.sources() }),
      lastLines: () => lastLines.lines(),
      namespaceMissingIn: () => (namespaceLook.presence() === "missing" ? api.name : null),
      stop: async () => void (await Promise.all([probes?.stop(), metrics?.stop(), around.stop(), nodes.leave(), lastLines.stop(), namespaceLook.stop(), ...reflectors.map((reflector) => reflector.stop())])),
    };
  }

  return { start, close: async () => void (await Promise.all([...pulses.values()].map((pulse) => pulse.stop()))) };
}

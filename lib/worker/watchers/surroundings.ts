import type { BigPodConfig, EnvironmentConfig } from "#lib/contracts/config.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import { fields, list } from "#lib/domain/fold-read.ts";
import { readIsolation } from "#lib/domain/isolation.ts";
import { claimsOf, surroundingNames } from "#lib/domain/surroundings.ts";
import type { SurroundingName, Surroundings } from "#lib/domain/surroundings.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi, ClusterObject, ResourceKind } from "#lib/ports/cluster.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import type { ClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import { createReflector, withoutManagedFields } from "#lib/worker/watchers/reflector.ts";
import type { Reflector } from "#lib/worker/watchers/reflector.ts";

/** Longer than for workloads: what lies around them changes seldom, and nothing turns grey with it. */
const watchSeconds = 30;
const unsupportedRetryMs = 300_000;

const described: Record<SurroundingName, { kind: ResourceKind; title: string }> = {
  nodes: { kind: kinds.nodes, title: "Nodes" },
  services: { kind: kinds.services, title: "Services" },
  ingresses: { kind: kinds.ingresses, title: "Ingresses" },
  certificates: { kind: kinds.certificates, title: "Certificates" },
  autoscalers: { kind: kinds.autoscalers, title: "HorizontalPodAutoscalers" },
  claims: { kind: kinds.persistentVolumeClaims, title: "PersistentVolumeClaims" },
  jobs: { kind: kinds.jobs, title: "Jobs" },
  cronJobs: { kind: kinds.cronJobs, title: "CronJobs" },
  networkPolicies: { kind: kinds.networkPolicies, title: "NetworkPolicies" },
};

export interface WatchParts {
  api: ClusterApi;
  clock: Clock;
  random: () => number;
  log: Log;
  pulse: ClusterPulse;
}

/** One kind, watched for knowledge that nothing depends on. */
export interface Extra {
  /** Null while it was never read or may not be read now. What is only out of step keeps its last contents. */
  items(): readonly ClusterObject[] | null;
  source(): SourceState;
  stop(): Promise<void>;
}

/** What the rules read of a node: its list of images alone is larger than all the rest. */
function nodeInBrief(node: ClusterObject): ClusterObject {
  const { images: _images, ...status } = fields(node.status);
  const conditions = list(status["conditions"]).map(({ lastHeartbeatTime: _heartbeat, ...condition }) => condition);
  return { ...withoutManagedFields(node), status: { ...status, conditions } };
}

function inBrief(object: ClusterObject): ClusterObject {
  const { metadata, ...rest } = withoutManagedFields(object);
  const { annotations: _annotations, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** Who changed a selector stands in the managedFields. */
function withManagers(object: ClusterObject): ClusterObject {
  const { metadata: { managedFields } } = object;
  const brief = inBrief(object);
  return managedFields === undefined ? brief : { ...brief, metadata: { ...brief.metadata, managedFields } };
}

const inBriefOf: Partial<Record<SurroundingName, (object: ClusterObject) => ClusterObject>> = { nodes: nodeInBrief, services: withManagers };

export function watchExtra(name: SurroundingName, environment: EnvironmentConfig | null, parts: WatchParts, changed: () => void): Extra {
  const { kind, title } = described[name];
  const { api } = parts;
  const reflector: Reflector = createReflector({
    ...parts, kind, namespace: environment?.namespace,
    key: environment === null ? `${api.name}/${kind.plural}` : `${api.name}/${environment.namespace}/${kind.plural}`,
    environment: environment?.name ?? null,
    title: environment === null ? `${title} of cluster ${api.name}` : `${title} of ${environment.namespace}`,
    required: false, onChange: changed, onSource: changed,
    options: { project: inBriefOf[name] ?? inBrief, watchSeconds, unsupportedRetryMs, backoffMaxMs: 30_000 },
  });
  reflector.start();
  return {
    items() {
      const { status } = reflector.source();
      return !reflector.listed() || status === "forbidden" || status === "unsupported" ? null : [...reflector.items().values()];
    },
    source: () => ({ ...reflector.source(), dispensable: true }),
    stop: () => reflector.stop(),
  };
}

export interface SurroundingsWatch {
  surroundings(): Surroundings;
  sources(): SourceState[];
  /** Starts what has come to be needed. Call when Deployments have changed. */
  look(): void;
  stop(): Promise<void>;
}

/**
 * Watches what lies around an environment's workloads, and only what a Big Pod needs: claims when a template mounts one, certificates when an Ingress has TLS,
 * CronJobs and NetworkPolicies when the configuration names them, NetworkPolicies also when one is cut off. `nodes` is shared by all environments of a cluster.
 */
export function createSurroundingsWatch(setup: { environment: EnvironmentConfig; bigPods: readonly BigPodConfig[]; parts: WatchParts; deployments: () => Iterable<ClusterObject>; nodes: Extra; changed: () => void }): SurroundingsWatch {
  const { environment, bigPods, parts, deployments, nodes, changed } = setup;
  const extras = new Map<SurroundingName, Extra>([["nodes", nodes]]);
  let stopped = false;

  function need(name: SurroundingName): void {
    if (stopped || extras.has(name)) return;
    extras.set(name, watchExtra(name, environment, parts, name === "ingresses" ? () => (look(), changed()) : changed));
  }

  function look(): void {
    for (const deployment of deployments()) {
      if (claimsOf(deployment).length > 0) need("claims");
      if (readIsolation(deployment.metadata.annotations) !== null) need("networkPolicies");
    }
    if (extras.get("ingresses")?.items()?.some((ingress) => list(fields(ingress.spec)["tls"]).length > 0) === true) need("certificates");
  }

  need("services");
  need("autoscalers");
  need("ingresses");
  if (bigPods.some((bigPod) => (bigPod.cronJobs ?? []).length > 0)) {
    need("cronJobs");
    need("jobs");
  }
  if (bigPods.some((bigPod) => bigPod.networkPolicy === true)) need("networkPolicies");

  return {
    surroundings: () => Object.fromEntries(surroundingNames.map((name) => [name, extras.get(name)?.items() ?? null])) as unknown as Surroundings, // every name is there
    sources: () => [...extras.values()].map((extra) => extra.source()),
    look,
    async stop() {
      stopped = true;
      // The nodes belong to whoever shares them.
      await Promise.all([...extras].map(([name, extra]) => (name === "nodes" ? undefined : extra.stop())));
    },
  };
}

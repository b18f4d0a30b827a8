import type { EnvironmentConfig } from "#lib/contracts/config.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import type { HealthInput } from "#lib/domain/health.ts";
import type { Surroundings } from "#lib/domain/surroundings.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";

/** One kind of object of one environment, kept in step. A Reflector is one. */
export interface Watcher {
  items(): ReadonlyMap<string, ClusterObject>;
  /** Those whose controlling owner has this uid. */
  ownedBy(uid: string): Iterable<ClusterObject>;
  source(): SourceState;
  /** Whether a complete list was ever read; until then an empty items() means nothing. */
  listed(): boolean;
}

export const watchedKinds = ["deployments", "replicaSets", "pods", "events", "configMaps"] as const;
export type WatchedKind = (typeof watchedKinds)[number];

/** Everything that is watched of one environment. */
export interface Watching {
  watchers: Readonly<Record<WatchedKind, Watcher>>;
  /** What tells the colours apart; only in environments whose strategy is blue-green. */
  colours?: { services: Watcher; autoscalers: Watcher };
  /** Newest probe results, with the state of the probe source; null when nothing is configured that pods could be asked. */
  health(): { input: HealthInput; source: SourceState; /** Prometheus, where it is asked too. */ others: SourceState[] } | null;
  /** The cluster that says it has no such namespace (it lists that as empty); null otherwise, also when it cannot be told. */
  namespaceMissingIn(): string | null;
  /** What lies around the workloads, as far as it is known and needed, with the sources it comes from (none of them required). */
  surroundings(): { known: Surroundings; sources: SourceState[] };
  /** Last log lines of containers that ended without a message, by SilentEnd.key. */
  lastLines(): ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/** Starts to watch an environment. `changed` is called after any object, probe result or source has changed. */
export type StartWatching = (environment: EnvironmentConfig, changed: () => void) => Watching;

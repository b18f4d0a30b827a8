import type { BigPodState } from "#lib/contracts/state.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";

/** One environment as a worker sees it right now: its own reflectors and the same fold that the screen gets. */
export interface EnvironmentView {
  /** Newest folded state; undefined until the first complete list, or when the Big Pod is not configured. */
  state(bigPod: string): BigPodState | undefined;
  /** The workload object, ConfigMaps by name, as last seen. Undefined when absent. */
  workload(bigPod: string): ClusterObject | undefined;
  configMap(name: string): ClusterObject | undefined;
  /** One Deployment of a Big Pod by name, with its state as if it served. In a rolling environment there is but one; under blue-green, two. */
  side(bigPod: string, workload: string): { workload: ClusterObject | undefined; state: BigPodState | undefined };
  /** The workload as releases record it: without what tells its colour from the other. The very object in a rolling environment. */
  recordable(bigPod: string): ClusterObject | undefined;
  /** Blue-green only (elsewhere nothing is seen of them): a Service by name, all autoscalers. */
  service(name: string): ClusterObject | undefined;
  autoscalers(): Iterable<ClusterObject>;
  /** True when ConfigMaps can be relied on: listed and live. */
  configMapsKnown(): boolean;
  /** True while every required source is live. */
  fresh(): boolean;
  /** Resolves at the next change of any state or source, or after timeoutMs; rejects when the signal fires. */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface EnvironmentViews {
  /** Opens (or shares) the view and waits until it is in step. Throws VigieError "upstream" with a sentence when it cannot be seen within timeoutMs. */
  open(environment: string, timeoutMs: number): Promise<EnvironmentView>;
}

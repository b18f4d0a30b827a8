import type { Pod } from "#sandbox/controllers/pod-shape.ts";
import type { ImageBuild } from "#sandbox/world/types.ts";

/** How a container ended. `reason` as the kubelet reports it. */
export interface ContainerExit {
  podUid: string;
  container: string;
  exitCode: number;
  reason: "Completed" | "Error" | "OOMKilled";
}

export interface ContainerStart {
  pod: Pod;
  container: string;
  build: ImageBuild;
  /** Its environment variables, as the kubelet put them together at this start. */
  env: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. In the past when a running container is taken over from a snapshot. */
  startedAtMs: number;
  /** Taken over from a snapshot: already up, so no start-up time. */
  resumed: boolean;
  /** The image has no variant for the node: its first instruction fails. */
  wrongArchitecture: boolean;
}

/** What a node's container runtime would be: the kubelet controller starts and stops containers here and hears of their end. */
export interface ContainerHost {
  start(start: ContainerStart): void;
  /** Ends an instance on request (termination, failed liveness probe); its exit is not reported. */
  stop(podUid: string, container: string): void;
  /** The pod is gone: processes, logs and state. */
  forget(podUid: string): void;
  onExit(listener: (exit: ContainerExit) => void): () => void;
  /** Answer of an HTTP probe, "refused" when nothing listens. */
  probe(podUid: string, port: number, path: string): { status: number } | "refused";
  /** Thousandths of a core the pod uses now. */
  milliCpuOf(pod: Pod): number;
}

import type { Clock } from "#sandbox/controllers/clock.ts";
import type { EventRecorder } from "#sandbox/controllers/event-recorder.ts";
import type { Store, WriteOptions } from "#sandbox/kube/types.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";
import type { ContainerHost } from "#sandbox/world/container-host.ts";

/** Times in sandbox milliseconds; all are divided by the clock's speed. Defaults are those of Kubernetes unless said otherwise. */
export interface ControllerTimes {
  /** From bound to the pod's network being there. Shortened for the demo. */
  startDelayMs: number;
  /** Pulling an image the node does not have. Shortened for the demo. */
  pullMs: number;
  /** From the request to stop until the containers are gone; the grace period caps it. */
  stopDelayMs: number;
  /** From a container's exit until the kubelet acts on it (its relist period). */
  relistMs: number;
  crashBackoffBaseMs: number;
  crashBackoffMaxMs: number;
  /** A container that ran this long starts again without back-off. */
  crashBackoffResetMs: number;
  pullBackoffBaseMs: number;
  pullBackoffMaxMs: number;
  /** Kubernetes renews every 10 s and waits 40 s; both are shorter here so that a lost node shows soon. */
  leaseRenewMs: number;
  nodeGraceMs: number;
  /** From NotReady to eviction, for pods that do not say it themselves (300 s in Kubernetes). */
  evictionMs: number;
  eventTtlMs: number;
  autoscalerSyncMs: number;
  scaleDownStabilizationMs: number;
}

export const defaultTimes: ControllerTimes = {
  startDelayMs: 300,
  pullMs: 600,
  stopDelayMs: 400,
  relistMs: 800,
  crashBackoffBaseMs: 10_000,
  crashBackoffMaxMs: 300_000,
  crashBackoffResetMs: 600_000,
  pullBackoffBaseMs: 10_000,
  pullBackoffMaxMs: 300_000,
  leaseRenewMs: 4_000,
  nodeGraceMs: 10_000,
  evictionMs: 30_000,
  eventTtlMs: 3_600_000,
  autoscalerSyncMs: 15_000,
  scaleDownStabilizationMs: 300_000,
};

/** What every controller is given. */
export interface ControllerContext {
  store: Store;
  catalogue: ImageCatalogue;
  containers: ContainerHost;
  clock: Clock;
  random: () => number;
  times: ControllerTimes;
  events: EventRecorder;
  onError: (where: string, error: unknown) => void;
}

/** In K3s one binary is kubelet, scheduler and controller manager: its writes carry this name. */
export const managerName = "k3s";
export const asController: WriteOptions = { manager: managerName };
export const asStatus: WriteOptions = { manager: managerName, subresource: "status" };
export const asScale: WriteOptions = { manager: managerName, subresource: "scale" };

import type { ServiceAccount } from "#lib/contracts/state.ts";
import type { SourceStatus } from "#lib/domain/status.ts";
import type { ServiceStatus } from "#lib/domain/status.ts";

/** What was found out about one service in one pod. */
export interface ServiceHealth {
  status: ServiceStatus;
  /** "FATAL: exited with code 1: cannot reach the tile server". Null while up. */
  detail: string | null;
  /** Since when `status` is the same without a break (ISO 8601), where that is kept track of. */
  since?: string;
  /** What each source said, where several were asked. */
  accounts?: readonly ServiceAccount[];
}

/** Newest probe result of one pod, by configured service name. Services that were not asked are absent. */
export interface PodHealth {
  /** ISO 8601. */
  at: string;
  services: Readonly<Record<string, ServiceHealth>>;
}

/** Probe results as the fold sees them: by pod uid, with the state of the source they come from. */
export interface HealthInput {
  status: SourceStatus;
  /** Why it is not live, for sentences. */
  reason: string | null;
  byPod: ReadonlyMap<string, PodHealth>;
  /** What Prometheus says, by name of the pod; absent where nothing is configured to be read there. */
  metrics?: { status: SourceStatus; reason: string | null; byPod: ReadonlyMap<string, PodHealth> };
}

/** A result older than this says nothing about now. */
export const healthResultMaximumAgeMs = 30_000;
/** Prometheus asks the pods in its own time (15 s to a minute). */
export const metricMaximumAgeMs = 90_000;
/** How long a pod that has just become ready may go unasked. */
export const firstAnswerWithinMs = 10_000;

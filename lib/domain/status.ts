/** Health of a Big Pod as people read it: the list, its order, its words and which colour and shape it wears. One file, on purpose. */
export const healthStatuses = ["broken", "warning", "progressing", "paused", "stale", "unknown", "healthy"] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** `tone` names a semantic colour token; `shape` an icon in components/patterns/status-icon. Status is never colour alone. */
export const healthPresentation: Record<HealthStatus, { word: string; tone: Tone; shape: Shape }> = {
  broken: { word: "broken", tone: "bad", shape: "octagon" },
  warning: { word: "warning", tone: "warn", shape: "triangle" },
  progressing: { word: "rolling out", tone: "busy", shape: "clock" },
  paused: { word: "paused", tone: "hold", shape: "pause" },
  stale: { word: "stale", tone: "stale", shape: "dashed" },
  unknown: { word: "unknown", tone: "unknown", shape: "question" },
  healthy: { word: "healthy", tone: "ok", shape: "check" },
};

export const tones = ["ok", "busy", "warn", "bad", "hold", "unknown", "stale"] as const;
export type Tone = (typeof tones)[number];
export type Shape = "octagon" | "triangle" | "clock" | "pause" | "dashed" | "question" | "check";

/** Worst wins: the first of `healthStatuses` that occurs. No statuses at all is `unknown`, never healthy. */
export function worstHealth(statuses: Iterable<HealthStatus>): HealthStatus {
  let worst = -1;
  for (const status of statuses) {
    const rank = healthStatuses.indexOf(status);
    if (worst === -1 || rank < worst) worst = rank;
  }
  return worst === -1 ? "unknown" : (healthStatuses[worst] ?? "unknown");
}

/** State of one service (a container or a supervised process). */
export const serviceStatuses = ["down", "degraded", "starting", "unknown", "up"] as const;
export type ServiceStatus = (typeof serviceStatuses)[number];

export const servicePresentation: Record<ServiceStatus, { word: string; tone: Tone }> = {
  down: { word: "down", tone: "bad" },
  degraded: { word: "degraded", tone: "warn" },
  starting: { word: "starting", tone: "busy" },
  unknown: { word: "unknown", tone: "unknown" },
  up: { word: "up", tone: "ok" },
};

export function worstService(statuses: Iterable<ServiceStatus>): ServiceStatus {
  let worst: number = serviceStatuses.length;
  for (const status of statuses) worst = Math.min(worst, serviceStatuses.indexOf(status));
  return serviceStatuses[worst] ?? "unknown";
}

/** State of an upstream. `forbidden`, `unsupported`, `down` and `connecting` are four different things and look different. */
export const sourceStatuses = ["connecting", "live", "stale", "forbidden", "unsupported", "down"] as const;
export type SourceStatus = (typeof sourceStatuses)[number];

/**
 * awaiting: for approvals. scheduled: for a window or a time. queued: for its turn. refused: its turn came, but it may not run (the world moved,
 * a gate fails, an approval ran out); nothing was changed.
 */
export const operationStatuses = ["awaiting", "scheduled", "queued", "running", "succeeded", "failed", "returned", "aborted", "refused"] as const;
export type OperationStatus = (typeof operationStatuses)[number];
export const terminalOperationStatuses: readonly OperationStatus[] = ["succeeded", "failed", "returned", "aborted", "refused"];
/** Not begun: nothing was changed by it yet. */
export const waitingOperationStatuses: readonly OperationStatus[] = ["awaiting", "scheduled", "queued"];

export const operationPresentation: Record<OperationStatus, { word: string; tone: Tone }> = {
  awaiting: { word: "awaiting approval", tone: "hold" },
  scheduled: { word: "scheduled", tone: "hold" },
  queued: { word: "queued", tone: "unknown" },
  running: { word: "running", tone: "busy" },
  succeeded: { word: "succeeded", tone: "ok" },
  failed: { word: "failed", tone: "bad" },
  returned: { word: "returned", tone: "warn" },
  aborted: { word: "aborted", tone: "hold" },
  refused: { word: "refused", tone: "warn" },
};

export const stepStatuses = ["pending", "running", "succeeded", "failed", "skipped"] as const;
export type StepStatus = (typeof stepStatuses)[number];

export const gateVerdicts = ["pass", "fail", "inconclusive", "error"] as const;
export type GateVerdict = (typeof gateVerdicts)[number];

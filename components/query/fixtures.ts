import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { BigPodState, EnvironmentGuard, OperationSummary, PlatformSnapshot, ServiceState, SourceState } from "#lib/contracts/state.ts";

/** A small platform for component tests: three environments, three Big Pods, one of them broken in prod. */
export const fixtureNow = "2026-11-21T14:06:00.000Z";

function minutesBefore(minutes: number): string {
  return new Date(Date.parse(fixtureNow) - minutes * 60_000).toISOString();
}

const services: Record<string, string[]> = { core: ["nginx", "auth", "user"], experience: ["voyage", "ai", "panorama"], commerce: ["payment", "analytics"] };
const digestOf = (text: string) => `sha256:${[...text].map((letter) => letter.charCodeAt(0).toString(16)).join("").padEnd(64, "0").slice(0, 64)}`;

export function fixtureService(name: string, overrides: Partial<ServiceState> = {}): ServiceState {
  return { name, kind: "process", status: "up", detail: null, restarts: 0, ...overrides };
}

export function fixtureState(environment: string, bigPod: string, version: string, overrides: Partial<BigPodState> = {}): BigPodState {
  const replicas = environment === "dev" ? 1 : 2;
  const names = services[bigPod] ?? [bigPod];
  const reference = `ghcr.io/dreamscape-ai/${bigPod}:${version}`;
  return {
    environment,
    bigPod,
    status: "healthy",
    cause: null,
    evidence: [],
    since: minutesBefore(60 * 24 * 9),
    version,
    images: [{ container: bigPod, reference, repository: `ghcr.io/dreamscape-ai/${bigPod}`, tag: version, digest: digestOf(bigPod + version) }],
    replicas: { desired: replicas, updated: replicas, ready: replicas, available: replicas, total: replicas },
    rollout: null,
    services: names.map((name) => fixtureService(name)),
    pods: Array.from({ length: replicas }, (_, index) => ({
      name: `${bigPod}-7d9f-x${index + 1}`,
      uid: `${environment}-${bigPod}-${index}`,
      phase: "Running",
      ready: true,
      terminating: false,
      current: true,
      node: `a1-${index + 1}`,
      startedAt: minutesBefore(60 * 24 * 9),
      restarts: 0,
      reason: null,
      services: names.map((name) => fixtureService(name)),
      containers: [{ name: bigPod, image: reference, digest: digestOf(bigPod + version), ready: true, state: "running" as const, reason: null, exitCode: null, restarts: 0 }],
    })),
    restarts: 0,
    workload: { kind: "Deployment", name: bigPod, uid: `${environment}-${bigPod}`, generation: 4 },
    colour: null,
    sources: [`demo/dreamscape-${environment}/pods`],
    observedAt: fixtureNow,
    ...overrides,
  };
}

export function fixtureSource(environment: string, overrides: Partial<SourceState> = {}): SourceState {
  return { key: `demo/dreamscape-${environment}/pods`, environment, title: `Pods of ${environment}`, status: "live", since: minutesBefore(500), contactAt: fixtureNow, reason: null, required: true, ...overrides };
}

export function fixtureOperation(overrides: Partial<OperationSummary> = {}): OperationSummary {
  return { id: "op-1", kind: "promotion", environment: "staging", status: "running", title: "Promote R-214 to staging", reason: "Core v1.5.2", actor: "Rafael", requestedAt: minutesBefore(1), startedAt: minutesBefore(1), finishedAt: null, note: "Waiting for core: 1 of 2 pods ready", progress: { done: 2, total: 4 }, waits: null, breakGlass: false, automatic: false, ...overrides };
}

export function fixtureGuard(environment: string, overrides: Partial<EnvironmentGuard> = {}): EnvironmentGuard {
  return {
    environment,
    strategy: "rolling",
    approvalsRequired: 0,
    window: null,
    freeze: null,
    rollback: { release: 212, verdict: "ready", sentence: "ready to roll back to R-212", checkedAt: fixtureNow, proven: { at: minutesBefore(60 * 48), seconds: 41, succeeded: true, operationId: "op-drill" } },
    breakGlass: null,
    openReviews: [],
    quarantined: [],
    drift: [],
    proposal: null,
    ...overrides,
  };
}

export function fixtureIncident(overrides: Partial<IncidentSummary> = {}): IncidentSummary {
  return {
    id: "incident-12",
    number: 12,
    environment: "prod",
    bigPod: "experience",
    about: "trouble",
    title: "panorama in experience-7d9f-x2 keeps exiting with code 137: out of memory, limit 512Mi",
    severity: "critical",
    status: "open",
    onsetAt: minutesBefore(5),
    openedAt: minutesBefore(4),
    acknowledged: null,
    assignee: null,
    resolved: null,
    flapping: false,
    reopened: 0,
    manual: false,
    mergedInto: null,
    firing: 2,
    signals: 2,
    suspect: { changeId: "c1", summary: "Experience v2.2.1 → v2.3.0", release: 213, verdict: "worse" },
    recovery: null,
    ...overrides,
  };
}

export function fixtureSnapshot(overrides: Partial<PlatformSnapshot> = {}): PlatformSnapshot {
  const broken = fixtureState("prod", "experience", "v2.3.0", {
    status: "broken",
    cause: "panorama in experience-7d9f-x2 keeps exiting with code 137: out of memory, limit 512Mi",
    since: minutesBefore(4),
    restarts: 6,
    services: [fixtureService("voyage"), fixtureService("ai"), fixtureService("panorama", { status: "down", detail: "exited with code 137: out of memory", restarts: 6 })],
    replicas: { desired: 2, updated: 2, ready: 1, available: 1, total: 2 },
    evidence: [{ kind: "event", text: "Container experience failed liveness probe, will be restarted", at: minutesBefore(3), on: "Pod experience-7d9f-x2" }],
  });
  return {
    platform: "DreamScape",
    environments: [
      { name: "dev", title: "dev", promotesFrom: null },
      { name: "staging", title: "staging", promotesFrom: "dev" },
      { name: "prod", title: "prod", promotesFrom: "staging" },
    ],
    bigPods: [
      { name: "core", title: "Core", services: services["core"] ?? [] },
      { name: "experience", title: "Experience", services: services["experience"] ?? [] },
      { name: "commerce", title: "Commerce", services: services["commerce"] ?? [] },
    ],
    states: [
      fixtureState("dev", "core", "v1.6.0-rc2"),
      fixtureState("staging", "core", "v1.5.2", { status: "progressing", cause: null, rollout: { done: 1, total: 2 }, since: minutesBefore(1) }),
      fixtureState("prod", "core", "v1.5.1"),
      fixtureState("dev", "experience", "v2.3.0"),
      fixtureState("staging", "experience", "v2.3.0"),
      broken,
      fixtureState("dev", "commerce", "v0.9.4"),
      fixtureState("staging", "commerce", "v0.9.4"),
      fixtureState("prod", "commerce", "v0.9.4"),
    ],
    sources: [fixtureSource("dev"), fixtureSource("staging"), fixtureSource("prod")],
    releases: [
      { environment: "dev", release: 216, since: minutesBefore(200), settled: true },
      { environment: "staging", release: 214, since: minutesBefore(1), settled: false },
      { environment: "prod", release: 213, since: minutesBefore(8), settled: true },
    ],
    changes: [
      { id: "c1", environment: "prod", bigPod: "experience", kind: "rollout", at: minutesBefore(8), summary: "Experience v2.2.1 → v2.3.0", by: "Rafael (promotion)", operationId: "op-0", release: 213 },
      { id: "c2", environment: "staging", bigPod: "core", kind: "config", at: minutesBefore(166), summary: "core-config: LOG_LEVEL changed", by: "kubectl-edit, not through Vigie", operationId: null, release: null },
    ],
    operations: [fixtureOperation()],
    workerSeenAt: fixtureNow,
    now: fixtureNow,
    guards: [],
    incidents: [],
    position: 100,
    ...overrides,
  };
}

import { z } from "zod";
import { incidentSummarySchema } from "#lib/contracts/incident-summary.ts";
import { isolationWays } from "#lib/domain/isolation.ts";
import { driftSchema } from "#lib/contracts/drift.ts";
import { healthStatuses, operationStatuses, serviceStatuses, sourceStatuses } from "#lib/domain/status.ts";

/** What the worker folds and stores, the web streams and the browser shows: one shape all the way. Times are ISO 8601 in UTC. */

const time = z.iso.datetime();

export const evidenceSchema = z.object({
  kind: z.enum(["event", "log", "probe", "status", "condition", "metric"]),
  text: z.string(),
  at: time.nullable(),
  /** Object it was read from, "Pod experience-7d9f-x2". */
  on: z.string().nullable(),
});

/** What one source says of a service: its container, the health endpoint, the supervisor, or Prometheus. */
export const serviceAccountSchema = z.object({
  source: z.enum(["container", "health", "supervisor", "metrics"]),
  status: z.enum(serviceStatuses),
  detail: z.string().nullable(),
});

export const serviceStateSchema = z.object({
  name: z.string(),
  kind: z.enum(["container", "process"]),
  status: z.enum(serviceStatuses),
  /** One clause without the pod's name: "exited with code 1: cannot reach the tile server". Null while up. */
  detail: z.string().nullable(),
  restarts: z.int().nonnegative(),
  /** Where several sources speak of it: each of them. The worse is what `status` says. */
  accounts: z.array(serviceAccountSchema).optional(),
});

export const podStateSchema = z.object({
  name: z.string(),
  uid: z.string(),
  phase: z.string(),
  ready: z.boolean(),
  terminating: z.boolean(),
  /** Belongs to the workload's newest template. */
  current: z.boolean(),
  node: z.string().nullable(),
  startedAt: time.nullable(),
  restarts: z.int().nonnegative(),
  reason: z.string().nullable(),
  services: z.array(serviceStateSchema),
  containers: z.array(
    z.object({
      name: z.string(),
      image: z.string(),
      digest: z.string().nullable(),
      ready: z.boolean(),
      state: z.enum(["waiting", "running", "terminated", "unknown"]),
      reason: z.string().nullable(),
      exitCode: z.int().nullable(),
      restarts: z.int().nonnegative(),
    }),
  ),
});

/** What runs: one per container of the template, in order. `digest` is what ran (status.containerStatuses[].imageID), null until a pod tells. */
export const runningImageSchema = z.object({
  container: z.string(),
  reference: z.string(),
  repository: z.string(),
  tag: z.string().nullable(),
  digest: z.string().nullable(),
});

/** A Big Pod that was cut off, as its workload is marked. `replicas`: what it had before. */
export const isolationSchema = z.object({ how: z.enum(isolationWays), by: z.string(), since: time, operationId: z.string(), replicas: z.int().nonnegative() });

export const bigPodStateSchema = z.object({
  environment: z.string(),
  bigPod: z.string(),
  status: z.enum(healthStatuses),
  /** The one sentence a colleague would say; null when healthy. */
  cause: z.string().nullable(),
  /** What kind of thing the cause is ("crash", "quota", …; lib/domain/fold-order.ts). Absent in states of older versions. */
  causeKind: z.string().nullable().optional(),
  /** What would help, in one sentence; null when healthy. Absent in states of older versions. */
  remedy: z.string().nullable().optional(),
  evidence: z.array(evidenceSchema),
  since: time,
  version: z.string().nullable(),
  images: z.array(runningImageSchema),
  replicas: z.object({ desired: z.int(), updated: z.int(), ready: z.int(), available: z.int(), total: z.int() }),
  /** Set while a rollout is under way: pods of the new template that are ready, of those wanted. */
  rollout: z.object({ done: z.int(), total: z.int() }).nullable(),
  services: z.array(serviceStateSchema),
  pods: z.array(podStateSchema),
  restarts: z.int().nonnegative(),
  workload: z.object({ kind: z.string(), name: z.string(), uid: z.string(), generation: z.int() }).nullable(),
  /** Blue-green only: the colour that serves, and what the other one is. Null there too while no Service says which colour serves. */
  colour: z
    .object({
      active: z.enum(["blue", "green"]),
      standby: z.object({ workload: z.string(), replicas: z.int(), ready: z.int(), version: z.string().nullable(), /** Kept for a quick rollback until then. */ until: time.nullable() }),
      /** What a switch would touch, by uid. Absent while a part of it is missing; `trouble` says which. */
      parts: z
        .object({
          label: z.string(),
          idle: z.object({
            uid: z.string(),
            generation: z.int(),
            images: z.array(runningImageSchema),
            /** Identity of what it runs, whatever its colour (templateIdentity); null while its digests are not known. */
            content: z.string().nullable(),
          }),
          service: z.object({ name: z.string(), uid: z.string() }),
          previewService: z.object({ name: z.string(), uid: z.string() }),
          /** Autoscalers of the active colour. */
          autoscalers: z.array(z.object({ name: z.string(), uid: z.string() })),
        })
        .optional(),
      /** Why nothing may be switched now, in sentences; absent or empty: nothing is in the way. */
      trouble: z.array(z.string()).optional(),
    })
    .nullable()
    .default(null),
  /** Set while it is cut off. Absent in states of older versions. */
  isolation: isolationSchema.nullable().optional(),
  /** Keys of the sources this state rests on (see SourceState.key). */
  sources: z.array(z.string()),
  observedAt: time,
});

export const sourceStateSchema = z.object({
  /** "<cluster>/<namespace>/<resource>", "probe/<environment>", "registry/<host>". */
  key: z.string(),
  environment: z.string().nullable(),
  title: z.string(),
  status: z.enum(sourceStatuses),
  since: time,
  /** Last time it was known to be in step; null when never. */
  contactAt: time.nullable(),
  reason: z.string().nullable(),
  /** True: a tile that rests on it is not green without it. False: extra knowledge (health probes of a server without pod proxy). */
  required: z.boolean(),
  /** True: help that the account may well do without. When it is refused or not served, that stands among the sources and is nobody's problem. */
  dispensable: z.boolean().optional(),
});

export const environmentReleaseSchema = z.object({
  environment: z.string(),
  release: z.int().positive(),
  since: time,
  /** False while what runs differs from the recorded release (a rollout under way, or an edit not yet settled). */
  settled: z.boolean(),
});

export const changeSchema = z.object({
  id: z.string(),
  environment: z.string(),
  bigPod: z.string().nullable(),
  /** selector: a Service of the Big Pod leads elsewhere. */
  kind: z.enum(["rollout", "config", "scale", "restart", "selector", "release"]),
  /** When it was written, where the cluster tells and its clock can be believed, else when it was seen. */
  at: time,
  /** "Experience v2.2.1 → v2.3.0" */
  summary: z.string(),
  /** "Rafael (promotion)" or "kubectl-set, not through Vigie". */
  by: z.string(),
  operationId: z.string().nullable(),
  release: z.int().nullable(),
});

/** What operations can be. drill: a rollback and the way back again, as a rehearsal. stand-down: the end of a kept colour. isolate: a Big Pod is cut off. */
export const operationKinds = ["promotion", "rollback", "restart", "scale", "drill", "stand-down", "isolate", "lift-isolation"] as const;
export const operationSummarySchema = z.object({
  id: z.string(),
  kind: z.enum(operationKinds),
  environment: z.string(),
  status: z.enum(operationStatuses),
  /** "Promote R-214 to prod" */
  title: z.string(),
  reason: z.string(),
  actor: z.string(),
  requestedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  /** Sentence of the running step or of the outcome. */
  note: z.string().nullable(),
  progress: z.object({ done: z.int(), total: z.int() }),
  /** While it waits: for what, in a sentence, and until when where that is known. */
  waits: z
    .object({
      for: z.enum(["approvals", "window", "time", "turn"]),
      sentence: z.string(),
      until: time.nullable(),
      /** Place in the queue, 1 is next; null while it is not in it. */
      position: z.int().positive().nullable(),
      /** Seconds until its turn, from the history of durations; null when there is too little of it. */
      estimate: z.object({ seconds: z.number(), lowSeconds: z.number(), highSeconds: z.number() }).nullable(),
    })
    .nullable(),
  /** Requested under break-glass: some gates were overruled. */
  breakGlass: z.boolean(),
  /** Begun by Vigie itself (a rollback after a failed watch, a drill, a stand-down). */
  automatic: z.boolean(),
});

/** What guards an environment besides its health: windows, freezes, break-glass, the way back. Written by the worker whenever it changes. */
export const environmentGuardSchema = z.object({
  environment: z.string(),
  strategy: z.enum(["rolling", "blue-green"]),
  approvalsRequired: z.int().nonnegative(),
  /** Null: no windows are configured, promotions may always run. `opensAt` null while open, or when none opens within a year. */
  window: z.object({ open: z.boolean(), name: z.string(), opensAt: time.nullable(), closesAt: time.nullable(), timeZone: z.string() }).nullable(),
  freeze: z.object({ name: z.string(), reason: z.string(), until: time, timeZone: z.string() }).nullable(),
  /** The way back: to which release, whether it would work now, and when that was last looked at and last proven. */
  rollback: z
    .object({
      release: z.int().nullable(),
      verdict: z.enum(["ready", "not-ready", "unsure"]),
      /** "ready to roll back to R-211", or why not. */
      sentence: z.string(),
      checkedAt: time,
      proven: z.object({ at: time, seconds: z.number(), succeeded: z.boolean(), operationId: z.string() }).nullable(),
    })
    .nullable(),
  breakGlass: z.object({ id: z.string(), by: z.string(), reason: z.string(), openedAt: time, expiresAt: time }).nullable(),
  /** Break-glass uses that nobody else has looked at yet. */
  openReviews: z.array(z.object({ id: z.string(), by: z.string(), reason: z.string(), openedAt: time, operations: z.int().nonnegative() })),
  /** Releases that nobody promotes here until it is lifted. */
  quarantined: z.array(z.object({ release: z.int(), reason: z.string(), at: time })),
  /** A promotion whose Big Pods failed or alerted while it was watched, and the rollback that is proposed. */
  proposal: z.object({ operationId: z.string(), release: z.int().nullable(), sentence: z.string(), evidence: z.array(z.string()), at: time }).nullable(),
  /** Big Pods that run something else than Vigie applied last. */
  drift: z.array(driftSchema).default([]),
});

export const platformSnapshotSchema = z.object({
  platform: z.string(),
  environments: z.array(z.object({ name: z.string(), title: z.string(), promotesFrom: z.string().nullable() })),
  bigPods: z.array(z.object({ name: z.string(), title: z.string(), services: z.array(z.string()) })),
  states: z.array(bigPodStateSchema),
  sources: z.array(sourceStateSchema),
  releases: z.array(environmentReleaseSchema),
  /** Newest first, at most 20. */
  changes: z.array(changeSchema),
  /** Not finished, plus those of the last hour, newest first. */
  operations: z.array(operationSummarySchema),
  guards: z.array(environmentGuardSchema),
  /** Not ended, plus those that ended in the last hour, newest first. */
  incidents: z.array(incidentSummarySchema),
  /** Database time of the newest heartbeat of an observing worker; null when none ever ran. */
  workerSeenAt: time.nullable(),
  /** Database time when this snapshot was read. */
  now: time,
  /** Stream position this snapshot includes. */
  position: z.int().nonnegative(),
});

export type Evidence = z.infer<typeof evidenceSchema>;
export type ServiceAccount = z.infer<typeof serviceAccountSchema>;
export type ServiceState = z.infer<typeof serviceStateSchema>;
export type PodState = z.infer<typeof podStateSchema>;
export type RunningImage = z.infer<typeof runningImageSchema>;
export type BigPodState = z.infer<typeof bigPodStateSchema>;
export type Isolation = z.infer<typeof isolationSchema>;
export type SourceState = z.infer<typeof sourceStateSchema>;
export type EnvironmentRelease = z.infer<typeof environmentReleaseSchema>;
export type Change = z.infer<typeof changeSchema>;
export type EnvironmentGuard = z.infer<typeof environmentGuardSchema>;
export type OperationSummary = z.infer<typeof operationSummarySchema>;
export type PlatformSnapshot = z.infer<typeof platformSnapshotSchema>;

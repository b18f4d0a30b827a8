import { z } from "zod";
import { gateVerdicts, stepStatuses } from "#lib/domain/status.ts";
import { isolationWays } from "#lib/domain/isolation.ts";
import { isolationSchema, operationKinds, operationSummarySchema } from "#lib/contracts/state.ts";

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a name of lower-case letters, digits and dashes");
const bigPods = z.array(name).min(1).max(100).optional();
export const releaseNumberSchema = z.union([z.int().positive().max(999_999_999), z.string().regex(/^R-[1-9][0-9]{0,8}$/).transform((v) => Number(v.slice(2)))]);

/** Body of POST /api/v1/plans, and what the plan dialog asks for. */
export const planRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("promotion"), from: name, to: name, bigPods }),
  z.strictObject({ kind: z.literal("rollback"), environment: name, release: releaseNumberSchema, bigPods }),
  z.strictObject({ kind: z.literal("restart"), environment: name, bigPods: z.array(name).min(1).max(100) }),
  z.strictObject({ kind: z.literal("scale"), environment: name, bigPod: name, replicas: z.int().min(0).max(100) }),
  /** Rolls back to the release before and returns, to prove the way back. */
  z.strictObject({ kind: z.literal("drill"), environment: name }),
  /** Cuts a Big Pod off, once its evidence is saved; and gives it back. */
  z.strictObject({ kind: z.literal("isolate"), environment: name, bigPod: name, how: z.enum(isolationWays) }),
  z.strictObject({ kind: z.literal("lift-isolation"), environment: name, bigPod: name }),
]);

/**
 * Gates by name. Policy gates (see `overruled` in lib/domain/gate.ts) may be overruled by break-glass, the others never.
 * Configured ones may stand several times; `title` tells them apart.
 */
export const gateNames = [
  "target-visible", "nothing-else-runs", "source-healthy", "containers-match", "images-present", "something-changes",
  "soak", "parity", "no-incident", "not-quarantined", "reversible", "window", "freeze", "approvals", "smoke", "metric",
  "rollout", "no-new-alert", "service-selector", "not-isolated",
] as const;
export const gateResultSchema = z.object({
  name: z.enum(gateNames),
  phase: z.enum(["before", "after"]).default("before"),
  title: z.string(),
  verdict: z.enum(gateVerdicts),
  evidence: z.string(),
  /** The rule or query as it was asked, names filled in; null where the title says it all. */
  rule: z.string().nullable().default(null),
  /** Break-glass let the operation pass this gate although it did not. */
  overruled: z.boolean().default(false),
  at: z.iso.datetime(),
});

/** What one Big Pod will have done to it. `unchanged` ones are listed too, so that people see they are not touched. */
export const planChangeSchema = z.object({
  bigPod: z.string(),
  effect: z.enum(["images", "restore", "restart", "scale", "switch", "stand-down", "isolate", "lift-isolation", "unchanged"]),
  images: z.array(z.object({ container: z.string(), from: z.string(), to: z.string(), fromVersion: z.string().nullable(), toVersion: z.string().nullable() })),
  /** Keys that change in ConfigMaps: "core-config: LOG_LEVEL". Values are never shown here. */
  config: z.array(z.string()),
  /** Other template paths that change: "containers[auth].resources.limits.memory 256Mi → 512Mi". */
  template: z.array(z.string()),
  replicas: z.object({ from: z.int(), to: z.int() }).nullable(),
  how: z.string(),
});

/** The exact state the plan was made against and what will be written: the executor needs nothing else. */
const colourName = z.enum(["blue", "green"]);
/** Blue-green: everything a switch touches, by uid, as it was when the plan was made. `workload` of the target is the idle colour's then. */
export const colourTargetSchema = z.object({
  label: z.string(),
  active: colourName,
  activeWorkload: z.object({ name: z.string(), uid: z.string(), generation: z.int() }),
  service: z.object({ name: z.string(), uid: z.string() }),
  previewService: z.object({ name: z.string(), uid: z.string() }),
  /** Autoscalers that follow the active colour. */
  autoscalers: z.array(z.object({ name: z.string(), uid: z.string() })),
  replicas: z.int(),
  standbyMinutes: z.int(),
});

export const planTargetSchema = z.object({
  bigPod: z.string(),
  workload: z.object({ name: z.string(), uid: z.string(), generation: z.int() }),
  /** Template and ConfigMaps as they are now: where a return goes back to. */
  before: z.object({ template: z.record(z.string(), z.unknown()), configMaps: z.array(z.object({ name: z.string(), data: z.record(z.string(), z.string()), binaryData: z.record(z.string(), z.string()) })), replicas: z.int() }),
  /** images: container → repo:tag@digest. template/configMaps: whole, for rollbacks. */
  write: z.discriminatedUnion("effect", [
    z.object({ effect: z.literal("images"), images: z.record(z.string(), z.string()) }),
    z.object({ effect: z.literal("restore"), template: z.record(z.string(), z.unknown()), configMaps: z.array(z.object({ name: z.string(), data: z.record(z.string(), z.string()), binaryData: z.record(z.string(), z.string()) })), restart: z.boolean() }),
    z.object({ effect: z.literal("restart") }),
    z.object({ effect: z.literal("scale"), replicas: z.int() }),
    /** Blue-green: the idle colour already runs what is wanted; only the Services' selectors change. */
    z.object({ effect: z.literal("switch") }),
    z.object({ effect: z.literal("stand-down") }),
    z.object({ effect: z.literal("isolate"), how: z.enum(isolationWays), policy: z.string() }),
    /** What was marked when it was isolated: what is given back, and what a return isolates again. */
    z.object({ effect: z.literal("lift-isolation"), policy: z.string(), isolation: isolationSchema }),
  ]),
  colour: colourTargetSchema.nullable().default(null),
});

export const planSchema = z.object({
  hash: z.string(),
  kind: z.enum(operationKinds),
  strategy: z.enum(["rolling", "blue-green"]).default("rolling"),
  title: z.string(),
  environment: z.string(),
  from: z.string().nullable(),
  /** Release that is brought, where there is one. */
  release: z.int().nullable(),
  /** Release the environment runs now. */
  currentRelease: z.int().nullable(),
  changes: z.array(planChangeSchema),
  gates: z.array(gateResultSchema),
  /** All gates pass and something changes: confirmed, it runs at once (or behind what runs now). */
  ready: z.boolean(),
  /**
   * What a confirmation leads to. `now`: it runs. `waits`: it is accepted and begins by itself once what is listed is there (approvals, a window
   * when it is scheduled, its turn). `refused`: a gate that no waiting mends does not pass.
   */
  start: z
    .object({
      how: z.enum(["now", "waits", "refused"]),
      waits: z.array(z.object({ for: z.enum(["approvals", "window", "turn"]), sentence: z.string(), until: z.iso.datetime().nullable() })),
    })
    .default({ how: "now", waits: [] }),
  /** What happens afterwards by itself: bake, watch, standby, in sentences. */
  afterwards: z.array(z.string()).default([]),
  /** Requested under break-glass, whose id this is. */
  breakGlassId: z.string().nullable().default(null),
  suggestedReason: z.string(),
  /** Sentences: what a return or rollback will not bring back. */
  notUndone: z.array(z.string()),
  /** From the history of like operations; null with fewer than three. */
  estimate: z.object({ seconds: z.number(), lowSeconds: z.number(), highSeconds: z.number(), n: z.int() }).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

export const operationRequestSchema = z.strictObject({ planHash: z.string().min(8).max(128), reason: z.string().trim().min(3).max(500), /** Begin when the next window opens, if it is shut now. Without it a promotion outside its window is refused. */ schedule: z.literal("next-window").optional(), /** Number of the incident it is asked for from. */ incident: z.int().positive().max(2_147_483_647).optional() });

export const operationStepSchema = z.object({
  position: z.int(),
  name: z.string(),
  title: z.string(),
  bigPod: z.string().nullable(),
  status: z.enum(stepStatuses),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  /** What it waits for, or what was found: sentences, newest last, at most 20. */
  evidence: z.array(z.object({ at: z.iso.datetime(), text: z.string() })),
});

export const operationSchema = operationSummarySchema.extend({
  plan: planSchema,
  steps: z.array(operationStepSchema),
  abortRequestedBy: z.string().nullable(),
  actorId: z.string(),
  /** Earliest begin; null: as soon as possible. */
  notBefore: z.iso.datetime().nullable(),
  approvals: z.object({
    required: z.int().nonnegative(),
    given: z.array(z.object({ by: z.string(), actorId: z.string(), at: z.iso.datetime(), expiresAt: z.iso.datetime(), note: z.string().nullable() })),
    /** It is refused when it is not complete by then; null when none are required. */
    until: z.iso.datetime().nullable(),
  }),
  /** The operation this one undoes or follows: an automatic rollback names its promotion. */
  followsId: z.string().nullable(),
  /** Number of the incident it was asked for from. */
  incident: z.int().nullable().default(null),
  /** Gates asked when its turn came and after its rollout. */
  gates: z.array(gateResultSchema),
});

export const approvalRequestSchema = z.strictObject({ /** Hash of the plan that was looked at. */ planHash: z.string().min(8).max(128), note: z.string().trim().max(500).optional() });
export const breakGlassRequestSchema = z.strictObject({ environment: name, reason: z.string().trim().min(10).max(500) });
export const breakGlassReviewSchema = z.strictObject({ note: z.string().trim().min(3).max(1000) });
export const breakGlassSchema = z.object({
  id: z.string(), environment: z.string(), by: z.string(), actorId: z.string(), reason: z.string(), openedAt: z.iso.datetime(), expiresAt: z.iso.datetime(),
  /** Ids and titles of what was requested under it. */
  operations: z.array(z.object({ id: z.string(), title: z.string() })),
  review: z.object({ by: z.string(), at: z.iso.datetime(), note: z.string() }).nullable(),
});
export const quarantineLiftSchema = z.strictObject({ reason: z.string().trim().min(10).max(500) });
export const quarantineSchema = z.object({
  id: z.string(), release: z.int(), environment: z.string(), reason: z.string(), operationId: z.string().nullable(), at: z.iso.datetime(),
  lifted: z.object({ by: z.string(), at: z.iso.datetime(), reason: z.string() }).nullable(),
});

export type PlanRequest = z.infer<typeof planRequestSchema>;
export type Plan = z.infer<typeof planSchema>;
export type PlanChange = z.infer<typeof planChangeSchema>;
export type PlanTarget = z.infer<typeof planTargetSchema>;
export type GateResult = z.infer<typeof gateResultSchema>;
export type OperationRequest = z.infer<typeof operationRequestSchema>;
export type OperationStep = z.infer<typeof operationStepSchema>;
export type Operation = z.infer<typeof operationSchema>;
export type ColourTarget = z.infer<typeof colourTargetSchema>;
export type GateName = (typeof gateNames)[number];
export type ApprovalRequest = z.infer<typeof approvalRequestSchema>;
export type BreakGlassRequest = z.infer<typeof breakGlassRequestSchema>;
export type BreakGlass = z.infer<typeof breakGlassSchema>;
export type Quarantine = z.infer<typeof quarantineSchema>;

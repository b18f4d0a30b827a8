import { z } from "zod";
import { gateVerdicts, stepStatuses } from "#lib/domain/status.ts";
import { operationSummarySchema } from "#lib/contracts/state.ts";

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a name of lower-case letters, digits and dashes");
const bigPods = z.array(name).min(1).max(100).optional();
export const releaseNumberSchema = z.union([z.int().positive().max(999_999_999), z.string().regex(/^R-[1-9][0-9]{0,8}$/).transform((v) => Number(v.slice(2)))]);

/** Body of POST /api/v1/plans, and what the plan dialog asks for. */
export const planRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("promotion"), from: name, to: name, bigPods }),
  z.strictObject({ kind: z.literal("rollback"), environment: name, release: releaseNumberSchema, bigPods }),
  z.strictObject({ kind: z.literal("restart"), environment: name, bigPods: z.array(name).min(1).max(100) }),
  z.strictObject({ kind: z.literal("scale"), environment: name, bigPod: name, replicas: z.int().min(0).max(100) }),
]);

export const gateResultSchema = z.object({
  name: z.enum(["source-healthy", "images-present", "containers-match", "nothing-else-runs", "target-visible", "something-changes"]),
  title: z.string(),
  verdict: z.enum(gateVerdicts),
  evidence: z.string(),
  at: z.iso.datetime(),
});

/** What one Big Pod will have done to it. `unchanged` ones are listed too, so that people see they are not touched. */
export const planChangeSchema = z.object({
  bigPod: z.string(),
  effect: z.enum(["images", "restore", "restart", "scale", "unchanged"]),
  images: z.array(z.object({ container: z.string(), from: z.string(), to: z.string(), fromVersion: z.string().nullable(), toVersion: z.string().nullable() })),
  /** Keys that change in ConfigMaps: "core-config: LOG_LEVEL". Values are never shown here. */
  config: z.array(z.string()),
  /** Other template paths that change: "containers[auth].resources.limits.memory 256Mi → 512Mi". */
  template: z.array(z.string()),
  replicas: z.object({ from: z.int(), to: z.int() }).nullable(),
  how: z.string(),
});

/** The exact state the plan was made against and what will be written: the executor needs nothing else. */
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
  ]),
});

export const planSchema = z.object({
  hash: z.string(),
  kind: z.enum(["promotion", "rollback", "restart", "scale"]),
  title: z.string(),
  environment: z.string(),
  from: z.string().nullable(),
  /** Release that is brought, where there is one. */
  release: z.int().nullable(),
  /** Release the environment runs now. */
  currentRelease: z.int().nullable(),
  changes: z.array(planChangeSchema),
  gates: z.array(gateResultSchema),
  /** All gates pass and something changes. */
  ready: z.boolean(),
  suggestedReason: z.string(),
  /** Sentences: what a return or rollback will not bring back. */
  notUndone: z.array(z.string()),
  /** From the history of like operations; null with fewer than three. */
  estimate: z.object({ seconds: z.number(), lowSeconds: z.number(), highSeconds: z.number(), n: z.int() }).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

export const operationRequestSchema = z.strictObject({ planHash: z.string().min(8).max(128), reason: z.string().trim().min(3).max(500) });

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
});

export type PlanRequest = z.infer<typeof planRequestSchema>;
export type Plan = z.infer<typeof planSchema>;
export type PlanChange = z.infer<typeof planChangeSchema>;
export type PlanTarget = z.infer<typeof planTargetSchema>;
export type GateResult = z.infer<typeof gateResultSchema>;
export type OperationRequest = z.infer<typeof operationRequestSchema>;
export type OperationStep = z.infer<typeof operationStepSchema>;
export type Operation = z.infer<typeof operationSchema>;

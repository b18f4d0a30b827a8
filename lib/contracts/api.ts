import { z } from "zod";
import { auditEntrySchema, auditQuerySchema } from "#lib/contracts/audit.ts";
import { breakGlassSchema, operationSchema, quarantineSchema } from "#lib/contracts/operation.ts";
import { releaseSummarySchema } from "#lib/contracts/release.ts";
import { bigPodStateSchema, operationSummarySchema, runningImageSchema, serviceStateSchema, sourceStateSchema } from "#lib/contracts/state.ts";
import { checkpointFindingSchema } from "#lib/contracts/checkpoint.ts";
import { chainFaults } from "#lib/domain/audit-fault.ts";
import { answerCodes } from "#lib/domain/error.ts";
import { healthStatuses, operationStatuses, sourceStatuses } from "#lib/domain/status.ts";

/** Shapes of /api/v1 that are not some entity's own. The OpenAPI document is made from these (openapi.ts). */

const environmentName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "the name of an environment");

export const errorResponseSchema = z.object({
  error: z.object({
    code: z.enum(answerCodes),
    /** Sentence for people: what, where, what to do. */
    message: z.string(),
    detail: z.record(z.string(), z.unknown()).nullable(),
    /** Found again in the portal's log. */
    reference: z.string(),
  }),
});

/** GET /api/v1/state: the overview for programs. Statuses are those a person sees: stale sources already make them stale. */
export const apiBigPodSchema = z.object({
  name: z.string(),
  status: z.enum(healthStatuses),
  cause: z.string().nullable(),
  /** "R-214"; null until a release was recorded. */
  release: z.string().nullable(),
  version: z.string().nullable(),
  since: z.iso.datetime(),
  replicas: bigPodStateSchema.shape.replicas.nullable(),
  rollout: bigPodStateSchema.shape.rollout,
  images: z.array(runningImageSchema),
  services: z.array(serviceStateSchema),
  restarts: z.int().nonnegative(),
  observedAt: z.iso.datetime().nullable(),
});
export const apiSourceSchema = z.object({
  /** Worst of the sources this environment rests on. */
  state: z.enum(sourceStatuses),
  since: z.iso.datetime().nullable(),
  reason: z.string().nullable(),
  sources: z.array(sourceStateSchema),
});
export const apiStateSchema = z.object({
  platform: z.string(),
  now: z.iso.datetime(),
  workerSeenAt: z.iso.datetime().nullable(),
  environments: z.array(z.object({
    name: z.string(),
    title: z.string(),
    status: z.enum(healthStatuses),
    release: z.string().nullable(),
    releaseSettled: z.boolean().nullable(),
    bigPods: z.array(apiBigPodSchema),
    source: apiSourceSchema,
  })),
});

/** A cursor is the `next` of the page before: the number of an operation or release, which PostgreSQL keeps in 32 bits. */
const cursor = z.coerce.number().int().positive().max(2_147_483_647).optional();
const limit = z.coerce.number().int().min(1).max(100).default(25);

export const operationsQuerySchema = z.strictObject({ environment: environmentName.optional(), status: z.enum(operationStatuses).optional(), before: cursor, limit });
export const operationsResponseSchema = z.object({ operations: z.array(operationSummarySchema), next: z.int().nullable() });
export const operationAcceptedSchema = z.object({
  id: z.string(),
  status: z.enum(operationStatuses),
  /** What it waits for; null when it runs, or has ended. */
  waits: operationSummarySchema.shape.waits,
});
export const operationApprovedSchema = z.object({ id: z.string(), status: z.enum(operationStatuses), approvals: operationSchema.shape.approvals });

export const environmentQuerySchema = z.strictObject({ environment: environmentName.optional() });
export const breakGlassResponseSchema = z.object({ breakGlass: z.array(breakGlassSchema) });
export const quarantineResponseSchema = z.object({ quarantine: z.array(quarantineSchema) });

export const releasesQuerySchema = z.strictObject({ environment: environmentName, before: cursor, limit });
export const releasesResponseSchema = z.object({ releases: z.array(releaseSummarySchema), next: z.int().nullable() });
export const releaseQuerySchema = z.strictObject({ environment: environmentName });
/** A release without what it seals but the names: contents of ConfigMaps and templates stay inside. */
export const releaseResponseSchema = releaseSummarySchema.extend({ configMaps: z.array(z.object({ bigPod: z.string(), name: z.string(), keys: z.array(z.string()) })) });

/** Filters of the audit page and of GET /api/v1/audit. `text` is looked for in sentence, reason, actor and what changed, whatever its case. */
export const auditListQuerySchema = z.strictObject({
  ...auditQuerySchema.shape,
  text: z.string().trim().min(3, "at least three characters").max(200).optional(),
  incident: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  release: z.coerce.number().int().positive().max(2_147_483_647).optional(),
});
export const auditListResponseSchema = z.object({
  entries: z.array(auditEntrySchema),
  /** Hand over as `before` for the next page; null at the end. A page may hold fewer entries than asked for, even none, before the end. */
  next: z.int().nullable(),
});
export const auditVerifyQuerySchema = z
  .strictObject({
    /** First entry to verify; the one before it is trusted. */
    from: z.coerce.number().int().positive().optional(),
    /** A position noted earlier: shows a cut end, and a chain that was hashed anew. */
    knownSequence: z.coerce.number().int().positive().optional(),
    knownHash: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits").optional(),
  })
  .refine((query) => (query.knownSequence === undefined) === (query.knownHash === undefined), "knownSequence and knownHash belong together");
export const auditVerifyResponseSchema = z.object({
  valid: z.boolean(),
  /** Entries that were read. */
  entries: z.int().nonnegative(),
  /** Last entry found right: note it, and hand it over next time as knownSequence and knownHash. */
  head: z.object({ sequence: z.int().nonnegative(), hash: z.string() }),
  firstBad: z.object({ sequence: z.int(), fault: z.enum(chainFaults), evidence: z.string() }).nullable(),
  /** The copies of signed checkpoints that Vigie keeps: the chain was held against those that can be believed. Outside copies are verified offline. */
  checkpoints: z.object({ checked: z.int().nonnegative(), newest: z.object({ size: z.int(), time: z.iso.datetime() }).nullable(), firstBad: checkpointFindingSchema.nullable() }).optional(),
});
export const auditVerifyProgressSchema = z.object({ checked: z.int().nonnegative(), of: z.int().nonnegative() });
/** One line of GET /api/v1/audit/verify as JSON Lines: how far it is, and last what was found, or why it could not be gone on with. */
export const auditVerifyLineSchema = z.union([auditVerifyProgressSchema, auditVerifyResponseSchema, errorResponseSchema]);
export const auditExportQuerySchema = z.strictObject({ from: z.coerce.number().int().positive().optional(), to: z.coerce.number().int().positive().optional() });
/** One line of GET /api/v1/audit/export: `hash` is SHA-256 over the UTF-8 of `bytes`, which holds sequence, time, previous hash and body. */
export const auditExportLineSchema = z.object({ sequence: z.int().positive(), hash: z.string(), bytes: z.string() });

export const healthResponseSchema = z.object({ status: z.literal("ok") });
export const readinessResponseSchema = z.object({
  status: z.enum(["ready", "not-ready"]),
  checks: z.array(z.object({ name: z.enum(["database", "worker"]), ok: z.boolean(), reason: z.string().nullable() })),
});

export type ErrorResponse = z.infer<typeof errorResponseSchema>;
export type ApiState = z.infer<typeof apiStateSchema>;
export type AuditListQuery = z.infer<typeof auditListQuerySchema>;
export type AuditVerifyQuery = z.infer<typeof auditVerifyQuerySchema>;
export type AuditVerification = z.infer<typeof auditVerifyResponseSchema>;
export type AuditVerifyProgress = z.infer<typeof auditVerifyProgressSchema>;
export type AuditExportQuery = z.infer<typeof auditExportQuerySchema>;
export type Readiness = z.infer<typeof readinessResponseSchema>;

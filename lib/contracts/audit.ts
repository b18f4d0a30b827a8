import { z } from "zod";

/** Closed list of what the log knows. Intent entries precede effects; outcome entries follow them. */
export const auditActions = [
  "session.sign-in", "session.sign-out", "session.denied",
  "plan.create",
  "operation.request", "operation.start", "operation.outcome", "operation.abort", "operation.approve", "operation.refuse",
  "break-glass.open", "break-glass.review", "quarantine.add", "quarantine.lift", "drift.adopt", "watch.verdict",
  "incident.open", "incident.acknowledge", "incident.assign", "incident.resolve", "incident.reopen", "incident.merge", "incident.note", "incident.severity", "incident.evidence",
  "silence.create", "silence.end", "webhook.denied", "notification.dead", "notification.retry", "notification.test",
  "token.create", "token.revoke", "token.use-denied",
  "access.limited",
  "access.denied", "audit.export", "config.loaded",
  "audit.verify", "intent.resolve",
  "session.revoke", "access.sign-in-again",
  "audit.archive", "audit.save-view", "audit.remove-view",
] as const;
export const auditOutcomes = ["allowed", "denied", "failed", "succeeded"] as const;

/** What a service hands over; the database adds sequence, time and the previous hash. Must hold no secret. */
export const auditBodySchema = z.object({
  action: z.enum(auditActions),
  outcome: z.enum(auditOutcomes),
  actor: z.object({ kind: z.enum(["person", "token", "system"]), id: z.string(), name: z.string() }),
  environment: z.string().nullable(),
  bigPods: z.array(z.string()),
  operationId: z.string().nullable(),
  /** Sentence for people. */
  summary: z.string().max(2000),
  reason: z.string().max(2000).nullable(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});

export const auditEntrySchema = auditBodySchema.extend({
  sequence: z.int().positive(),
  at: z.iso.datetime(),
  /** Hex SHA-256 over the exact stored bytes, which include the previous hash. */
  hash: z.string(),
  previousHash: z.string(),
});

export const auditQuerySchema = z.object({
  before: z.coerce.number().int().positive().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  actor: z.string().max(200).optional(),
  action: z.enum(auditActions).optional(),
  environment: z.string().max(63).optional(),
  bigPod: z.string().max(63).optional(),
  outcome: z.enum(auditOutcomes).optional(),
  operation: z.string().max(64).optional(),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
});

export type AuditAction = (typeof auditActions)[number];
export type AuditBody = z.infer<typeof auditBodySchema>;
export type AuditEntry = z.infer<typeof auditEntrySchema>;

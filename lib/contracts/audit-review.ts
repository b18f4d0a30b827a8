import { z } from "zod";
import { auditListQuerySchema } from "#lib/contracts/api.ts";
import { auditEntrySchema } from "#lib/contracts/audit.ts";
import { auditRanges } from "#lib/domain/audit-range.ts";

/** Shapes of the audit page beyond the list: filters in its address, saved views, the monthly report. */

const dayOrMoment = z.union([z.iso.date(), z.iso.datetime()]);

/** What the page's address may say: the filters of the API, times also as days or as a named range. */
export const auditPageQuerySchema = auditListQuerySchema.partial().extend({ range: z.enum(auditRanges).optional(), from: dayOrMoment.optional(), to: dayOrMoment.optional() });

/** GET /api/v1/audit/export/csv: the filters of the list, without paging. */
export const auditCsvQuerySchema = auditListQuerySchema.omit({ before: true, limit: true });

export const auditMonthSchema = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'a month as in "2026-11"');
export const auditReportQuerySchema = z.strictObject({ month: auditMonthSchema });

/** One line of the report: what, by whom, how it ended, and the entry it is read from. */
export const auditReportLineSchema = z.object({
  sequence: z.int().positive(),
  at: z.iso.datetime(),
  actor: z.string(),
  environment: z.string().nullable(),
  operationId: z.string().nullable(),
  summary: z.string(),
  reason: z.string().nullable(),
  /** How it ended; null where nothing follows, or has not yet. */
  ended: z.string().nullable(),
});
export const auditReportSectionSchema = z.object({ name: z.enum(["promotions", "rollbacks", "break-glass", "denials", "approvals"]), total: z.int().nonnegative(), lines: z.array(auditReportLineSchema) });
export const auditReportSchema = z.object({
  month: auditMonthSchema,
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  entries: z.int().nonnegative(),
  /** Numbers of the first and last entry of the month; null for a month without any. */
  first: z.int().nullable(),
  last: z.int().nullable(),
  sections: z.array(auditReportSectionSchema),
});

export const auditViewNameSchema = z.string().trim().min(1, "a name").max(60, "at most 60 characters").regex(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*$/u, "no control characters");
export const auditViewSchema = z.object({ id: z.string(), name: z.string(), /** Search parameters, without "?". */ query: z.string(), ownerId: z.string(), owner: z.string(), createdAt: z.iso.datetime() });
export const auditViewRequestSchema = z.strictObject({ name: auditViewNameSchema, query: z.record(z.string().max(20), z.string().max(200)).refine((query) => auditPageQuerySchema.omit({ before: true }).safeParse(query).success, "filters of the audit page") });

/** An operation with its entries, or an entry that belongs to none. Newest entry first. */
export const auditGroupSchema = z.object({
  operationId: z.string().nullable(),
  entries: z.array(auditEntrySchema),
  /** Entries that the filters asked for; the others of the operation stand beside them. */
  matching: z.array(z.int()),
});

export type AuditPageQuery = z.infer<typeof auditPageQuerySchema>;
export type AuditCsvQuery = z.infer<typeof auditCsvQuerySchema>;
export type AuditReport = z.infer<typeof auditReportSchema>;
export type AuditReportSection = z.infer<typeof auditReportSectionSchema>;
export type AuditReportLine = z.infer<typeof auditReportLineSchema>;
export type AuditView = z.infer<typeof auditViewSchema>;
export type AuditGroup = z.infer<typeof auditGroupSchema>;

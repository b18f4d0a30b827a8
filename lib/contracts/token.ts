import { z } from "zod";
import { roles } from "#lib/domain/access.ts";

/** API tokens: `vgt_<id>_<secret>`. The secret is shown once, at creation, and kept as a hash only. */
export const tokenPattern = /^vgt_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;
export const tokenStatuses = ["active", "expired", "revoked"] as const;

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  environments: z.union([z.literal("*"), z.array(z.string())]),
  status: z.enum(tokenStatuses),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** To the minute; null when never. */
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});

export const tokenRequestSchema = z.strictObject({
  name: z.string().trim().min(1).max(60).regex(/^[^\p{C}]+$/u, "a name without control characters"),
  role: z.enum(roles),
  /** All environments when left out or "*". */
  environments: z.union([z.literal("*"), z.array(z.string().min(1).max(63)).min(1).max(12)]).default("*"),
  expiresInDays: z.int().min(1).max(365),
});

export const tokenCreatedSchema = tokenSchema.extend({
  /** The token itself. It cannot be shown again. */
  token: z.string(),
});
export const tokensResponseSchema = z.object({ tokens: z.array(tokenSchema) });

export type Token = z.infer<typeof tokenSchema>;
export type TokenRequest = z.input<typeof tokenRequestSchema>;
export type TokenCreated = z.infer<typeof tokenCreatedSchema>;

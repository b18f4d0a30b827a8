import { z } from "zod";
import { checkpointFaults } from "#lib/domain/audit-fault.ts";

/** What is signed, as RFC 8785 canonical JSON: that the log `origin` had `size` entries at `time`, the last of them with the hash `head`. */
export const checkpointSchema = z.strictObject({
  origin: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  size: z.int().nonnegative(),
  head: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.iso.datetime({ precision: 3 }),
});

/** One line of a file of checkpoints, one object of a bucket, one body of a webhook. */
export const signedCheckpointSchema = z.strictObject({
  checkpoint: checkpointSchema,
  /** First 16 hex digits of SHA-256 over the public key (SPKI, DER). */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  /** Ed25519, base64 in its one canonical form (RFC 4648, 3.5): of the last character two bits count, and a decoder overlooks the other four. */
  signature: z.string().regex(/^[A-Za-z0-9+/]{85}[AQgw]==$/),
});

export const checkpointFindingSchema = z.object({ line: z.int().positive(), size: z.int().nullable(), fault: z.enum(checkpointFaults), evidence: z.string() });

/** How the checkpoints of a log stand: what GET /api/v1/audit/checkpoints answers, and the page shows. */
export const checkpointsResponseSchema = z.object({
  origin: z.string(),
  everyMinutes: z.number(),
  everyEntries: z.int(),
  /** Worst first. None: all is as it should be. */
  warnings: z.array(z.object({ kind: z.enum(["refused", "none", "late", "undelivered"]), sentence: z.string() })),
  newest: signedCheckpointSchema.extend({ ageSeconds: z.number() }).nullable(),
  /** Entries after the newest checkpoint. */
  uncovered: z.int().nonnegative(),
  keys: z.array(z.object({ id: z.string(), publicKey: z.string(), since: z.iso.datetime() })),
  places: z.array(
    z.object({ name: z.string(), kind: z.enum(["file", "s3", "webhook"]), /** Where, without secrets. */ place: z.string(), deliveredSize: z.int().nullable(), deliveredAt: z.iso.datetime().nullable(), waiting: z.int().nonnegative(), error: z.string().nullable() }),
  ),
});

export type Checkpoint = z.infer<typeof checkpointSchema>;
export type SignedCheckpoint = z.infer<typeof signedCheckpointSchema>;
export type CheckpointFinding = z.infer<typeof checkpointFindingSchema>;
export type CheckpointsState = z.infer<typeof checkpointsResponseSchema>;

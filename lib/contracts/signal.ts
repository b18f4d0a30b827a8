import { z } from "zod";
import { signalSchema } from "#lib/contracts/incident.ts";
import { signalKinds } from "#lib/domain/incident-status.ts";

/** Shapes of /api/v1/signals and /api/v1/silences that are not an incident's. */

export const signalQuerySchema = z.strictObject({
  /** live: those that have not ended, pending ones too. */
  state: z.enum(["live", "firing", "pending", "ended", "all"]).default("live"),
  environment: z.string().max(63).optional(),
  bigPod: z.string().max(63).optional(),
  kind: z.enum(signalKinds).optional(),
  /** `next` of the page before. */
  before: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export const signalsResponseSchema = z.object({ signals: z.array(signalSchema), next: z.string().nullable() });

export const silenceCreatedSchema = z.object({ id: z.string(), endsAt: z.iso.datetime() });
export const silenceQuerySchema = z.strictObject({ environment: z.string().min(1).max(63) });

export type SignalQuery = z.infer<typeof signalQuerySchema>;
export type SilenceCreated = z.infer<typeof silenceCreatedSchema>;

import { z } from "zod";
import { sealedBigPodSchema } from "#lib/contracts/release.ts";

const time = z.iso.datetime();
const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a name of lower-case letters, digits and dashes");

/** Contents of a Big Pod as they are wanted or seen: images by digest where it is known, and the ConfigMaps that the template reads. */
export const driftContentSchema = sealedBigPodSchema.pick({ template: true, configMaps: true, tooLarge: true });

/** What runs is not what Vigie applied last, nor what was adopted since. */
export const driftSchema = z.object({
  bigPod: z.string(),
  /** When what runs was written, where the cluster tells, else when it was seen. */
  since: time,
  /** "kubectl-edit, not through Vigie" */
  by: z.string(),
  /** What differs, wanted → seen; never a value that may be secret. */
  differences: z.array(z.string()).min(1),
  /** What is wanted came then, by whom: an operation, or somebody who adopted what ran. */
  wanted: z.object({ at: time, by: z.string(), operationId: z.string().nullable(), adopted: z.boolean() }),
  /** What leads back to it; null: no release is recorded that holds it. */
  back: z.discriminatedUnion("kind", [z.object({ kind: z.literal("rollback"), release: z.int() }), z.object({ kind: z.literal("scale"), replicas: z.int() })]).nullable(),
  /** Identity of what was seen. Adopting names it. */
  mark: z.string(),
});

export const adoptRequestSchema = z.strictObject({ environment: name, bigPod: name, /** `mark` of the drift that was looked at. */ mark: z.string().min(8).max(128), reason: z.string().trim().min(3).max(500) });
export const driftsResponseSchema = z.object({ drifts: z.array(driftSchema.extend({ environment: z.string() })) });
export const adoptedSchema = z.object({ environment: z.string(), bigPod: z.string(), by: z.string(), at: time, differences: z.array(z.string()) });

export type Drift = z.infer<typeof driftSchema>;
export type DriftContent = z.infer<typeof driftContentSchema>;
export type AdoptRequest = z.infer<typeof adoptRequestSchema>;
export type Adopted = z.infer<typeof adoptedSchema>;

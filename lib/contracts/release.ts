import { z } from "zod";

/**
 * A release record: sealed, content-addressed, never edited. `number` names a set of image digests;
 * one record per environment in which that set was seen, with the template and configuration it had there.
 */

export const sealedImageSchema = z.object({
  container: z.string(),
  repository: z.string(),
  tag: z.string().nullable(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** From the registry (org.opencontainers.image.revision, .source); null when it could not be asked. */
  revision: z.string().nullable(),
  source: z.string().nullable(),
});

export const sealedBigPodSchema = z.object({
  workload: z.object({ kind: z.literal("Deployment"), name: z.string(), uid: z.string() }),
  images: z.array(sealedImageSchema),
  /** spec.template as it stood, images by repo:tag@digest, without restart marks. */
  template: z.record(z.string(), z.unknown()),
  /** ConfigMaps the template refers to, with their contents. Secrets are names only, inside the template. */
  configMaps: z.array(z.object({ name: z.string(), data: z.record(z.string(), z.string()), binaryData: z.record(z.string(), z.string()) })),
  /** ConfigMaps that the template refers to and that were too large to keep: known by their size and hash only. Absent: none. */
  tooLarge: z.array(z.object({ name: z.string(), bytes: z.int(), hash: z.string() })).optional(),
  /** What `vigie.dev/irreversible` on the workload or its pod template said; absent or null: nothing. */
  irreversible: z.string().nullable().optional(),
});

export const releaseContentSchema = z.object({ environment: z.string(), bigPods: z.record(z.string(), sealedBigPodSchema) });

export const releaseSchema = z.object({
  number: z.int().positive(),
  environment: z.string(),
  /** sha256 (hex) over the RFC 8785 canonical JSON of the content. */
  contentHash: z.string(),
  content: releaseContentSchema,
  /** First time this record's content was seen settled in the environment. */
  seenAt: z.iso.datetime(),
  /** Last time it was seen healthy there; null when never. */
  healthyAt: z.iso.datetime().nullable(),
  /** How it came: an operation's id, or the field manager seen on the workload. */
  by: z.string(),
  operationId: z.string().nullable(),
});

export const releaseSummarySchema = releaseSchema.omit({ content: true }).extend({
  current: z.boolean(),
  bigPods: z.array(z.object({ bigPod: z.string(), version: z.string().nullable(), images: z.array(sealedImageSchema) })),
});

export type SealedImage = z.infer<typeof sealedImageSchema>;
export type SealedBigPod = z.infer<typeof sealedBigPodSchema>;
export type ReleaseContent = z.infer<typeof releaseContentSchema>;
export type Release = z.infer<typeof releaseSchema>;
export type ReleaseSummary = z.infer<typeof releaseSummarySchema>;

import { z } from "zod";

const kubernetesName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "a Kubernetes name");

/** Query of GET /api/logs. Without a pod all pods of the Big Pod are merged, and those that come later join; without a container all containers. */
export const logQuerySchema = z.strictObject({
  environment: z.string().min(1).max(63),
  bigPod: z.string().min(1).max(63),
  pod: kubernetesName.optional(),
  container: kubernetesName.optional(),
  /** The run before the last restart; read to its end, not followed. */
  previous: z.enum(["true", "false"]).default("false"),
});

export const logLineSchema = z.object({
  /** Index of the source, as told by a `source` event. */
  source: z.int().nonnegative(),
  /** When the container wrote it (RFC 3339, as the kubelet stamped it); null when it could not be told. */
  at: z.string().nullable(),
  text: z.string(),
});

/**
 * Events of GET /api/logs: `source` before the first line of each container, `lines` in the order of their times as far as they came together,
 * `skipped` when the reader was too slow and lines were left out, `note` about one source, and one `ended` or `failed` at the end.
 */
export const logEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("source"), index: z.int().nonnegative(), pod: z.string(), container: z.string() }),
  z.object({ type: z.literal("lines"), lines: z.array(logLineSchema) }),
  z.object({ type: z.literal("skipped"), count: z.int().positive() }),
  z.object({ type: z.literal("note"), source: z.int().nonnegative(), text: z.string() }),
  z.object({ type: z.literal("ended"), text: z.string() }),
  z.object({ type: z.literal("failed"), text: z.string() }),
]);

export type LogQuery = z.infer<typeof logQuerySchema>;
export type LogLine = z.infer<typeof logLineSchema>;
export type LogEvent = z.infer<typeof logEventSchema>;

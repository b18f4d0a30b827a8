import { createHash } from "node:crypto";
import { z } from "zod";

/** The documents of a registry that are read, by the OCI image specification 1.1 and Docker's schema 2. */

export const indexTypes = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
export const manifestTypes = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const labels = z.record(z.string(), z.string()).nullish();

export const indexSchema = z.object({
  manifests: z.array(z.object({ digest, platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional() })).max(200),
  annotations: labels,
});
export const manifestSchema = z.object({ config: z.object({ digest }), annotations: labels });
export const imageConfigSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional(), created: z.string().nullish(), config: z.object({ Labels: labels }).nullish() });

export type ImageIndex = z.infer<typeof indexSchema>;
export type ImageConfig = z.infer<typeof imageConfigSchema>;

/** "linux/arm64"; v8 is left out, because every arm64 is v8 (so does containerd's platforms.Normalize). */
export function platformName(platform: { os: string; architecture: string; variant?: string | undefined }): string {
  const variant = platform.architecture === "arm64" && platform.variant === "v8" ? undefined : platform.variant;
  return [platform.os, platform.architecture, variant].filter((part) => part !== undefined && part !== "").join("/");
}

export function sha256Of(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Which kind a manifest is: what the server says, else what it looks like (some leave the type out). */
export function isIndex(contentType: string | undefined, body: unknown): boolean {
  const type = contentType?.split(";")[0]?.trim();
  if (type !== undefined && indexTypes.includes(type)) return true;
  if (type !== undefined && manifestTypes.includes(type)) return false;
  return typeof body === "object" && body !== null && "manifests" in body;
}

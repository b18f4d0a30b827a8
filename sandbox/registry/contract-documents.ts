import { expect } from "vitest";
import { sha256 } from "#sandbox/registry/image-documents.ts";
import type { ImageBuild } from "#sandbox/world/types.ts";

export type Unsealed = Omit<ImageBuild, "digest">;

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string };
}

/** An index or an image manifest; the fields that the other kind lacks are empty. */
export interface ManifestBody {
  mediaType: string;
  manifests: Descriptor[];
  config?: Descriptor;
  layers: Descriptor[];
}

/** Two tags in OCI format and one in Docker's, under names that `renderImage` gives those formats. */
export function fixtureBuilds(): { first: Unsealed; second: Unsealed; docker: Unsealed } {
  const first: Unsealed = {
    repository: "ghcr.io/contract/app",
    tag: "v1.0.0",
    platforms: ["linux/arm64", "linux/amd64"],
    revision: "1".repeat(40),
    source: "https://github.com/contract/app",
    createdAt: "2026-11-01T10:00:00Z",
    behaviour: { kind: "healthy" },
    inRegistry: true,
  };
  return { first, second: { ...first, tag: "v1.1.0", revision: "2".repeat(40) }, docker: { ...first, repository: "ghcr.io/contract/nginx", tag: "1.0" } };
}

/** Reads a manifest and checks on the way that header, length and type say what the bytes are. */
export async function readManifest(response: Response): Promise<{ bytes: Buffer; body: ManifestBody; digest: string }> {
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.status, bytes.toString()).toBe(200);
  const parsed = JSON.parse(bytes.toString()) as Partial<ManifestBody>;
  expect(response.headers.get("content-type")).toBe(parsed.mediaType);
  expect(response.headers.get("content-length")).toBe(String(bytes.length));
  expect(response.headers.get("docker-content-digest")).toBe(sha256(bytes));
  return { bytes, body: { mediaType: "", manifests: [], layers: [], ...parsed }, digest: sha256(bytes) };
}

/** The codes of an error answer, checked to be the specification's JSON. */
export async function errorCodes(response: Response): Promise<string[]> {
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  const body = (await response.json()) as { errors: { code: string; message: string }[] };
  for (const error of body.errors) expect(typeof error.message).toBe("string");
  return body.errors.map((error) => error.code);
}

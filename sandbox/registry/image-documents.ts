import { createHash } from "node:crypto";
import { dockerFormat, ociFormat, type ImageFormat } from "#sandbox/registry/media-types.ts";
import { tarWithOneFile } from "#sandbox/registry/tar.ts";
import type { ImageBuild } from "#sandbox/world/types.ts";

export interface Document {
  mediaType: string;
  digest: string;
  bytes: Buffer;
}

/** Everything the registry serves for one build. `manifests` are fetched under /manifests/, `blobs` under /blobs/. */
export interface ImageDocuments {
  index: Document;
  platforms: readonly { platform: ImageBuild["platforms"][number]; manifest: Document }[];
  manifests: readonly Document[];
  blobs: readonly Document[];
}

type Unsealed = Omit<ImageBuild, "digest">;

/** Images that an older pipeline pushes in Docker's own format; the rest are OCI. Both are met in one organisation. */
const dockerRepositories = /\/(nginx|db-backup)$/;

export function sha256(bytes: Buffer | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The index, manifests, configurations and layers of a build: the same build always gives the same bytes. */
export function renderImage(build: Unsealed): ImageDocuments {
  const format = dockerRepositories.test(build.repository) ? dockerFormat : ociFormat;
  const images = build.platforms.map((platform) => renderPlatform(build, platform, format));
  const attestations = format === ociFormat ? images.map((image) => renderAttestation(build, image.manifest)) : [];
  const descriptors = [
    ...images.map(({ platform, manifest }) => ({ ...describe(manifest), platform: ociPlatform(platform) })),
    ...attestations.map(({ manifest, subject }) => ({
      ...describe(manifest),
      annotations: { "vnd.docker.reference.digest": subject, "vnd.docker.reference.type": "attestation-manifest" },
      platform: { architecture: "unknown", os: "unknown" },
    })),
  ];
  const index = jsonDocument(format.index, {
    schemaVersion: 2,
    mediaType: format.index,
    manifests: descriptors,
    ...(format === ociFormat ? { annotations: labelsOf(build) } : {}),
  });
  return {
    index,
    platforms: images.map(({ platform, manifest }) => ({ platform, manifest })),
    manifests: [index, ...images.map((image) => image.manifest), ...attestations.map((attestation) => attestation.manifest)],
    blobs: [...images.flatMap((image) => image.blobs), ...attestations.flatMap((attestation) => attestation.blobs)],
  };
}

function renderPlatform(build: Unsealed, platform: ImageBuild["platforms"][number], format: ImageFormat) {
  const bytes = tarWithOneFile("etc/build-info", `${build.repository}:${build.tag}\n${platform}\n${build.revision}\n${behaviourLine(build)}\n`);
  const layer: Document = { mediaType: format.layer, digest: sha256(bytes), bytes };
  const config = jsonDocument(format.config, {
    ...ociPlatform(platform),
    created: build.createdAt,
    config: { Entrypoint: ["/usr/local/bin/start"], Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_ENV=production"], User: "10001", WorkingDir: "/app", Labels: labelsOf(build) },
    rootfs: { type: "layers", diff_ids: [layer.digest] },
    history: [{ created: build.createdAt, created_by: "COPY /app /app # buildkit" }],
  });
  const manifest = jsonDocument(format.manifest, { schemaVersion: 2, mediaType: format.manifest, config: describe(config), layers: [describe(layer)] });
  return { platform, manifest, blobs: [config, layer] };
}

/** Provenance as BuildKit attaches it to an index: an extra manifest for platform unknown/unknown, which readers of platforms must skip. */
function renderAttestation(build: Unsealed, subject: Document) {
  const run = 9_000_000_000 + (Number.parseInt(build.revision.slice(0, 7), 16) || 0);
  const statement = jsonDocument("application/vnd.in-toto+json", {
    _type: "https://in-toto.io/Statement/v0.1",
    predicateType: "https://slsa.dev/provenance/v0.2",
    subject: [{ name: `pkg:docker/${build.repository}@${build.tag}`, digest: { sha256: subject.digest.slice("sha256:".length) } }],
    predicate: {
      builder: { id: `${build.source}/actions/runs/${run}/attempts/1` },
      buildType: "https://mobyproject.org/buildkit@v1",
      metadata: { buildStartedOn: build.createdAt, "https://mobyproject.org/buildkit@v1#metadata": { vcs: { revision: build.revision, source: build.source } } },
    },
  });
  const config = jsonDocument(ociFormat.config, { architecture: "unknown", os: "unknown", config: {}, rootfs: { type: "layers", diff_ids: [statement.digest] } });
  const layer = { ...describe(statement), annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" } };
  const manifest = jsonDocument(ociFormat.manifest, { schemaVersion: 2, mediaType: ociFormat.manifest, config: describe(config), layers: [layer] });
  return { manifest, subject: subject.digest, blobs: [config, statement] };
}

function labelsOf(build: Unsealed): Record<string, string> {
  return {
    "org.opencontainers.image.created": build.createdAt,
    "org.opencontainers.image.revision": build.revision,
    "org.opencontainers.image.source": build.source,
    "org.opencontainers.image.version": build.tag,
  };
}

/** Two builds that behave differently are different programs, so they must not share a digest. */
function behaviourLine(build: Unsealed): string {
  return JSON.stringify(build.behaviour);
}

function ociPlatform(platform: string): { architecture: string; os: string; variant?: string } {
  const [os = "linux", architecture = "amd64"] = platform.split("/");
  return architecture === "arm64" ? { architecture, os, variant: "v8" } : { architecture, os };
}

function describe(document: Document): { mediaType: string; digest: string; size: number } {
  return { mediaType: document.mediaType, digest: document.digest, size: document.bytes.length };
}

function jsonDocument(mediaType: string, content: object): Document {
  const bytes = Buffer.from(JSON.stringify(content, null, 2));
  return { mediaType, digest: sha256(bytes), bytes };
}

import { RegistryError } from "#sandbox/registry/errors.ts";
import { renderImage, type Document, type ImageDocuments } from "#sandbox/registry/image-documents.ts";
import { dockerList, dockerManifest, ociIndex, ociManifest } from "#sandbox/registry/media-types.ts";
import type { ImageBuild, ImageCatalogue } from "#sandbox/world/types.ts";

const digestPattern = /^sha256:[0-9a-f]{64}$/;

export interface RegistryContent {
  /** The repository in the catalogue that a request means. `ns` is the registry a mirror stands in for (containerd sends it). */
  repository(name: string, ns: string | undefined): string;
  manifest(repository: string, reference: string, accept: string | undefined): Document;
  blob(repository: string, digest: string): Document;
  /** Sorted by byte value. Throws NAME_UNKNOWN when nothing was ever pushed there. */
  tags(repository: string): string[];
}

/** What a registry with the catalogue's builds holds. Documents are rendered on first use and kept by digest. */
export function createContent(catalogue: ImageCatalogue): RegistryContent {
  const rendered = new Map<string, ImageDocuments>();

  function documentsOf(build: ImageBuild): ImageDocuments {
    const key = `${build.repository}@${build.digest}`;
    const documents = rendered.get(key) ?? renderImage(build);
    rendered.set(key, documents);
    return documents;
  }

  function pushedTo(repository: string): ImageBuild[] {
    return catalogue.all().filter((build) => build.repository === repository && build.inRegistry);
  }

  function find(repository: string, digest: string, kind: "manifests" | "blobs"): Document | undefined {
    for (const build of pushedTo(repository)) {
      const found = documentsOf(build)[kind].find((document) => document.digest === digest);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  return {
    repository(name, ns) {
      if (ns !== undefined) return `${ns}/${name}`;
      const known = catalogue.all().find((build) => build.repository === name || build.repository.slice(build.repository.indexOf("/") + 1) === name);
      return known?.repository ?? name;
    },
    manifest(repository, reference, accept) {
      const unknown = new RegistryError("MANIFEST_UNKNOWN", "manifest unknown", { detail: { Name: repository, Reference: reference } });
      if (reference.includes(":")) {
        if (!digestPattern.test(reference)) throw new RegistryError("DIGEST_INVALID", "provided digest did not match uploaded content", { detail: reference });
        const found = find(repository, reference, "manifests");
        if (found === undefined) throw unknown;
        return acceptable(found, accept);
      }
      const build = catalogue.resolve(`${repository}:${reference}`);
      if (build === undefined || !build.inRegistry) throw unknown;
      return negotiate(documentsOf(build), accept);
    },
    blob(repository, digest) {
      if (!digestPattern.test(digest)) throw new RegistryError("DIGEST_INVALID", "provided digest did not match uploaded content", { detail: digest });
      const found = find(repository, digest, "blobs");
      if (found === undefined) throw new RegistryError("BLOB_UNKNOWN", "blob unknown to registry", { detail: digest });
      return found;
    },
    tags(repository) {
      const builds = pushedTo(repository);
      if (builds.length === 0) throw new RegistryError("NAME_UNKNOWN", "repository name not known to registry", { detail: { name: repository } });
      return [...new Set(builds.map((build) => build.tag))].toSorted();
    },
  };
}

/** A client that knows no lists gets the linux/amd64 image of a Docker list, as distribution does when asked by tag. */
function negotiate(documents: ImageDocuments, accept: string | undefined): Document {
  const accepted = acceptedTypes(accept);
  if (documents.index.mediaType === dockerList && accepted !== "anything" && !accepted.has(dockerList)) {
    const amd64 = documents.platforms.find(({ platform }) => platform === "linux/amd64");
    if (amd64 === undefined || !accepted.has(dockerManifest)) throw new RegistryError("MANIFEST_UNKNOWN", "manifest list found, but accept header does not support manifest lists");
    return amd64.manifest;
  }
  return acceptable(documents.index, accept);
}

/** OCI documents are not handed to clients that did not say they read them. */
function acceptable(document: Document, accept: string | undefined): Document {
  const accepted = acceptedTypes(accept);
  if (accepted === "anything" || accepted.has(document.mediaType)) return document;
  if (document.mediaType === ociIndex) throw new RegistryError("MANIFEST_UNKNOWN", "OCI index found, but Accept header does not support OCI indexes");
  if (document.mediaType === ociManifest) throw new RegistryError("MANIFEST_UNKNOWN", "OCI manifest found, but Accept header does not support OCI manifests");
  return document;
}

function acceptedTypes(accept: string | undefined): Set<string> | "anything" {
  const types = (accept ?? "*/*").split(",").map((part) => part.split(";")[0]?.trim() ?? "");
  return types.includes("*/*") ? "anything" : new Set(types);
}

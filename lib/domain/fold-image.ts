/** Image references as they stand in pod templates, and what status says about the image that really ran. */

export interface ImageReference {
  /** Host and path, as written: "ghcr.io/dreamscape-ai/core-pod". */
  repository: string;
  tag: string | null;
  /** "sha256:…" when the reference pins one. */
  digest: string | null;
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** Splits a reference by the grammar of distribution/reference: the tag is what follows the last colon behind the last slash. */
export function parseImage(reference: string): ImageReference {
  const at = reference.indexOf("@");
  const digest = at === -1 ? null : reference.slice(at + 1);
  const named = at === -1 ? reference : reference.slice(0, at);
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  return { repository: tagged ? named.slice(0, colon) : named, tag: tagged ? named.slice(colon + 1) : null, digest: digest !== null && digestPattern.test(digest) ? digest : null };
}

/** What stands for the registry where a reference names none. */
export const impliedRegistry = "docker.io";

/**
 * Where a repository is looked up, by the rules of distribution/reference (normalize.go), which containerd keeps too: the first part is a host
 * when it has a dot or a colon or is "localhost"; otherwise docker.io is meant, and a bare name there is one of library/.
 */
export function placeOfRepository(repository: string): { host: string; path: string; implied: boolean } {
  const slash = repository.indexOf("/");
  const first = slash === -1 ? "" : repository.slice(0, slash);
  const named = /[.:]/.test(first) || first === "localhost";
  const host = !named || first === "index.docker.io" ? impliedRegistry : first;
  const path = named ? repository.slice(slash + 1) : repository;
  return { host, path: host === impliedRegistry && !path.includes("/") ? `library/${path}` : path, implied: !named };
}

/** repo[:tag]@digest: what is written to a cluster and kept in a release. */
export function pinnedImage(image: { repository: string; tag: string | null; digest: string }): string {
  return `${image.repository}${image.tag === null ? "" : `:${image.tag}`}@${image.digest}`;
}

/**
 * Manifest digest out of status.containerStatuses[].imageID: "repo@sha256:…", with or without "docker-pullable://".
 * A bare "sha256:…" is the id of the image's configuration, which no registry serves as a manifest: null.
 */
export function digestOfImageId(imageId: string | null): string | null {
  if (imageId === null) return null;
  const at = imageId.lastIndexOf("@");
  const digest = at === -1 ? null : imageId.slice(at + 1);
  return digest !== null && digestPattern.test(digest) ? digest : null;
}

/** What people call it: the tag, or the first characters of the digest. */
export function imageVersion(image: { tag: string | null; digest: string | null }): string | null {
  return image.tag ?? (image.digest === null ? null : image.digest.slice(0, "sha256:".length + 12));
}

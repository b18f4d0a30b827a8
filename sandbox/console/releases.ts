import { createHash } from "node:crypto";
import { commitOf, sourceOfImage } from "#sandbox/world/catalogue-builds.ts";
import type { ImageBuild, ImageCatalogue } from "#sandbox/world/types.ts";
import { Refusal } from "#sandbox/refusal.ts";

const organisation = "ghcr.io/dreamscape-ai";

export const badReleases = {
  broken: { bigPod: "experience", image: "experience-pod:v2.4.0-broken", says: "Deploy a release that crashes at start" },
  "out-of-memory": { bigPod: "experience", image: "experience-pod:v2.4.0-oom", says: "Deploy a release that runs out of memory" },
  slow: { bigPod: "experience", image: "experience-pod:v2.4.0-slow", says: "Deploy a release that is slow to become ready" },
  fatal: { bigPod: "experience", image: "experience-pod:v2.4.0-fatal", says: "Deploy a release whose panorama gives up" },
  "needs-setting": { bigPod: "experience", image: "experience-pod:v2.4.0", says: "Push experience v2.4.0, which needs a setting prod lacks," },
  unpullable: { bigPod: "commerce", image: "commerce-pod:v0.9.7-nopull", says: "Deploy a release that cannot be pulled" },
  "amd64-only": { bigPod: "commerce", image: "commerce-pod:v0.9.6-amd64only", says: "Deploy a release built for amd64 only" },
} as const;

export type BadRelease = keyof typeof badReleases;
export const badReleaseKinds = Object.keys(badReleases) as [BadRelease, ...BadRelease[]];

export function badReleaseImage(kind: BadRelease): string {
  return `${organisation}/${badReleases[kind].image}`;
}

/**
 * Builds of the next version for those of a Big Pod's images that its own repositories build, added to the catalogue.
 * `images` are the references it runs now; a bought-in image such as NGINX is left alone.
 */
export function pushNextBuilds(catalogue: ImageCatalogue, images: readonly string[], now: number): ImageBuild[] {
  const running = images.flatMap((image) => catalogue.resolve(image) ?? []).filter((build) => isReleased(catalogue, build.repository));
  if (running.length === 0) throw new Refusal("not-found", `None of ${images.join(", ")} is built by a pipeline that the sandbox knows.`);
  const repositories = new Set(running.map((build) => build.repository));
  const known = catalogue.all().filter((build) => repositories.has(build.repository));
  const tag = nextVersion(running.map((build) => build.tag), known.map((build) => build.tag));
  return running.map((build) => {
    const name = build.repository.slice(organisation.length + 1);
    const nonce = createHash("sha256").update(`${name}:${tag}:${now}`).digest("hex");
    return catalogue.add({
      repository: build.repository,
      tag,
      platforms: ["linux/arm64", "linux/amd64"],
      revision: commitOf(nonce),
      source: sourceOfImage(name),
      createdAt: new Date(now).toISOString(),
      behaviour: { kind: "healthy" },
      inRegistry: true,
    });
  });
}

/** Images that a pipeline releases have had more than one version. */
function isReleased(catalogue: ImageCatalogue, repository: string): boolean {
  return catalogue.all().filter((build) => build.repository === repository).length > 1;
}

/**
 * The version of the next good build: the one that a running pre-release leads up to (v1.6.0 after v1.6.0-rc.2), else the next
 * patch of the newest release. Pre-releases that do not run, such as v2.4.0-broken, do not count.
 */
export function nextVersion(running: readonly string[], known: readonly string[]): string {
  const newest = known.flatMap((tag) => versionOf(tag, /^v(\d+)\.(\d+)\.(\d+)$/)).toSorted(compareVersions).at(-1) ?? [0, 1, -1];
  const leadingTo = running.flatMap((tag) => versionOf(tag, /^v(\d+)\.(\d+)\.(\d+)-/)).toSorted(compareVersions).at(-1);
  if (leadingTo !== undefined && compareVersions(leadingTo, newest) > 0) return `v${leadingTo.join(".")}`;
  const [major = 0, minor = 0, patch = 0] = newest;
  return `v${major}.${minor}.${patch + 1}`;
}

function versionOf(tag: string, pattern: RegExp): number[][] {
  const match = pattern.exec(tag);
  return match === null ? [] : [match.slice(1).map(Number)];
}

function compareVersions(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((part, position) => part !== right[position]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

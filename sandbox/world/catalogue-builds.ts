import { createHash } from "node:crypto";
import type { Behaviour, ImageBuild } from "#sandbox/world/types.ts";

const organisation = "ghcr.io/dreamscape-ai";
const sources = "https://github.com/dreamscape-ai";
const dayMs = 24 * 60 * 60 * 1000;
const everywhere = ["linux/arm64", "linux/amd64"] as const;
const healthy: Behaviour = { kind: "healthy" };

/** The repository that builds an image, where it is not named like the image: six repositories build DreamScape. */
const sourceOf: Record<string, string> = { nginx: "core-pod", "health-monitor": "platform", "db-backup": "platform" };

interface Seed {
  image: string;
  tag: string;
  ageDays: number;
  behaviour?: Behaviour;
  platforms?: ImageBuild["platforms"];
  inRegistry?: false;
}

function coreSeeds(image: string): Seed[] {
  return [
    { image, tag: "v1.5.0", ageDays: 61 },
    { image, tag: "v1.5.1", ageDays: 33.2 },
    { image, tag: "v1.5.2", ageDays: 6.1 },
    { image, tag: "v1.6.0-rc.2", ageDays: 1.4 },
  ];
}

const seeds: readonly Seed[] = [
  { image: "nginx", tag: "1.27.2", ageDays: 48 },
  ...coreSeeds("auth-service"),
  ...coreSeeds("user-service"),
  { image: "health-monitor", tag: "v1.0.3", ageDays: 90 },
  { image: "experience-pod", tag: "v2.2.0", ageDays: 64 },
  { image: "experience-pod", tag: "v2.2.1", ageDays: 35.5 },
  { image: "experience-pod", tag: "v2.3.0", ageDays: 5.3 },
  { image: "experience-pod", tag: "v2.4.0-rc.1", ageDays: 0.9 },
  // Good wherever its ConfigMap has the tile server's address, which prod's does not.
  { image: "experience-pod", tag: "v2.4.0", ageDays: 0.6, behaviour: { kind: "needs-setting", variable: "PANORAMA_TILE_URL", exitCode: 1, lastLine: "PANORAMA_TILE_URL is not set" } },
  { image: "experience-pod", tag: "v2.4.0-broken", ageDays: 0.5, behaviour: { kind: "exits", exitCode: 1, lastLine: 'Error: Cannot find module "@dreamscape/itinerary" required from /app/voyage/dist/server.js' } },
  { image: "experience-pod", tag: "v2.4.0-oom", ageDays: 0.45, behaviour: { kind: "out-of-memory", process: "panorama" } },
  { image: "experience-pod", tag: "v2.4.0-slow", ageDays: 0.4, behaviour: { kind: "slow", readyAfterSeconds: 20 } },
  { image: "experience-pod", tag: "v2.4.0-fatal", ageDays: 0.35, behaviour: { kind: "process-fatal", process: "panorama", exitCode: 1, lastLine: "RangeError: Invalid tile size: 0 (PANORAMA_TILE_SIZE is not set)" } },
  { image: "experience-pod", tag: "v2.4.0-errors", ageDays: 0.3, behaviour: { kind: "degraded", process: "voyage", errorRatio: 0.2, latencyFactor: 6 } },
  { image: "commerce-pod", tag: "v0.9.3", ageDays: 58 },
  { image: "commerce-pod", tag: "v0.9.4", ageDays: 30.6 },
  { image: "commerce-pod", tag: "v0.9.5", ageDays: 4.2 },
  { image: "commerce-pod", tag: "v0.9.6-amd64only", ageDays: 0.8, platforms: ["linux/amd64"] },
  { image: "commerce-pod", tag: "v0.9.7-nopull", ageDays: 0.2, inRegistry: false },
  { image: "db-backup", tag: "v0.3.1", ageDays: 120 },
];

/** DreamScape's builds as they stand at `seededAt`, oldest first in each repository. Same time, same builds, same digests. */
export function dreamscapeBuilds(seededAt: Date): Omit<ImageBuild, "digest">[] {
  return seeds.map((seed) => ({
    repository: `${organisation}/${seed.image}`,
    tag: seed.tag,
    platforms: seed.platforms ?? everywhere,
    revision: commitOf(`${seed.image}:${seed.tag}`),
    source: sourceOfImage(seed.image),
    createdAt: new Date(Math.floor((seededAt.getTime() - seed.ageDays * dayMs) / 1000) * 1000).toISOString().replace(".000Z", "Z"),
    behaviour: seed.behaviour ?? healthy,
    inRegistry: seed.inRegistry ?? true,
  }));
}

/** The source repository's address of an image name such as "experience-pod". */
export function sourceOfImage(image: string): string {
  return `${sources}/${sourceOf[image] ?? image}`;
}

/** A full-length commit id that is always the same for the same text. */
export function commitOf(text: string): string {
  return createHash("sha1").update(`commit ${text}`).digest("hex");
}

import { createHash } from "node:crypto";
import type { ImageBuild, ImageCatalogue } from "#sandbox/world/types.ts";

export interface Commit {
  id: string;
  message: string;
  author: string;
  /** ISO 8601. */
  at: string;
}

const authors = ["Ada", "Bruno", "Chioma", "Dilan"];
const works = ["Cache the tiles of the last search", "Retry payments that time out once", "Name the timeouts", "Load currencies when they are first asked for", "Fewer queries for one itinerary", "Log the reason of a refusal", "Update dependencies", "Take the timeout from the configuration"];
/** What a build that misbehaves was made of: its last commit gives it away. */
const culprits: Record<ImageBuild["behaviour"]["kind"], string> = {
  healthy: "Release",
  exits: "Read itineraries through the new module",
  "out-of-memory": "Keep panorama tiles in memory",
  slow: "Warm up the caches before listening",
  "needs-setting": "Take the tile server's address from PANORAMA_TILE_URL",
  degraded: "Ask the partners one after the other",
  "process-fatal": "Cut tiles by PANORAMA_TILE_SIZE",
};
const minuteMs = 60_000;

/** The history of a repository, oldest first: a few commits for each build, the last of which is the build's. Same builds, same history. */
export function commitsOf(catalogue: Pick<ImageCatalogue, "all">, source: string): Commit[] {
  const builds = catalogue.all().filter((build) => build.source === source);
  const revisions = new Map(builds.map((build) => [build.revision, build]));
  return [...revisions.values()].toSorted((left, right) => Date.parse(left.createdAt) - Date.parse(right.createdAt)).flatMap(buildCommits);
}

function buildCommits(build: ImageBuild): Commit[] {
  const seed = createHash("sha256").update(build.revision).digest();
  const count = 2 + ((seed[0] ?? 0) % 4);
  const builtMs = Date.parse(build.createdAt);
  return Array.from({ length: count }, (_none, index): Commit => {
    const [mark, last] = [seed[index + 1] ?? 0, index === count - 1];
    const work = works[mark % works.length] ?? "Work";
    return {
      id: last ? build.revision : createHash("sha1").update(`${build.revision}/${index}`).digest("hex"),
      message: last ? `${culprits[build.behaviour.kind]} (${build.tag})` : `${work}\n\nFor ${build.tag}.`,
      author: authors[mark % authors.length] ?? "Ada",
      at: new Date(builtMs - (count - index) * 17 * minuteMs).toISOString().replace(".000Z", "Z"),
    };
  });
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { renderImage } from "#sandbox/registry/image-documents.ts";
import { dreamscapeBuilds } from "#sandbox/world/catalogue-builds.ts";
import { parseImageReference } from "#sandbox/world/image-reference.ts";
import type { ImageBuild, ImageCatalogue } from "#sandbox/world/types.ts";

const behaviourSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("healthy") }),
  z.object({ kind: z.literal("exits"), exitCode: z.int(), lastLine: z.string() }),
  z.object({ kind: z.literal("out-of-memory"), process: z.string().optional() }),
  z.object({ kind: z.literal("slow"), readyAfterSeconds: z.number().nonnegative() }),
  z.object({ kind: z.literal("needs-setting"), variable: z.string(), exitCode: z.int(), lastLine: z.string() }),
  z.object({ kind: z.literal("degraded"), process: z.string().optional(), errorRatio: z.number().optional(), latencyFactor: z.number().optional(), memoryRatio: z.number().optional() }),
  z.object({ kind: z.literal("process-fatal"), process: z.string(), exitCode: z.int(), lastLine: z.string() }),
]);

const buildSchema = z.object({
  repository: z.string(),
  tag: z.string(),
  platforms: z.array(z.enum(["linux/arm64", "linux/amd64"])).min(1),
  revision: z.string(),
  source: z.string(),
  createdAt: z.string(),
  behaviour: behaviourSchema,
  inRegistry: z.boolean(),
});

const fileSchema = z.object({ seededAt: z.iso.datetime(), registryDown: z.boolean(), added: z.array(buildSchema) });

/**
 * DreamScape's builds and those added since. With `persistFile` additions, the age of the seeded builds and `registryDown`
 * survive a restart, so that digests stored in the cluster keep their meaning. `now` in milliseconds. Throws when that file is not one of ours.
 */
export function createCatalogue({ persistFile, now }: { persistFile?: string; now: () => number }): ImageCatalogue {
  const stored = persistFile !== undefined && existsSync(persistFile) ? readStored(persistFile) : { seededAt: new Date(now()).toISOString(), registryDown: false, added: [] };
  const builds: ImageBuild[] = [];
  const byTag = new Map<string, ImageBuild>();
  const byDigest = new Map<string, ImageBuild>();
  let registryDown = stored.registryDown;

  function insert(unsealed: Omit<ImageBuild, "digest">): ImageBuild {
    const documents = renderImage(unsealed);
    const build: ImageBuild = Object.freeze({ ...unsealed, digest: documents.index.digest });
    if (!byDigest.has(`${build.repository}@${build.digest}`)) builds.push(build);
    byTag.set(`${build.repository}:${build.tag}`, build);
    byDigest.set(`${build.repository}@${build.digest}`, build);
    // A pod may be pinned to one platform's manifest: then that is the digest that runs.
    for (const { platform, manifest } of documents.platforms) {
      byDigest.set(`${build.repository}@${manifest.digest}`, Object.freeze({ ...build, digest: manifest.digest, platforms: [platform] }));
    }
    return build;
  }

  function save(): void {
    if (persistFile !== undefined) writeStored(persistFile, { ...stored, registryDown });
  }

  for (const build of [...dreamscapeBuilds(new Date(stored.seededAt)), ...stored.added]) insert(build);
  save();

  return {
    resolve(reference) {
      const parsed = parseImageReference(reference);
      if (parsed === undefined) return undefined;
      return parsed.digest === undefined ? byTag.get(`${parsed.repository}:${parsed.tag}`) : byDigest.get(`${parsed.repository}@${parsed.digest}`);
    },
    all: () => builds,
    add(unsealed) {
      const build = insert(buildSchema.parse(unsealed));
      stored.added.push(buildSchema.parse(unsealed));
      save();
      return build;
    },
    get registryDown() {
      return registryDown;
    },
    set registryDown(down: boolean) {
      registryDown = down;
      save();
    },
  };
}

function readStored(file: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Error(`The sandbox's image catalogue ${file} cannot be read. Remove the sandbox's folder to begin with a fresh world.`, { cause });
  }
}

/** Written beside and renamed: a kill half-way leaves the old file whole. */
function writeStored(file: string, content: z.infer<typeof fileSchema>): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(content));
  renameSync(`${file}.new`, file);
}

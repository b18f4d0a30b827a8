import { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import type { Release, ReleaseSummary } from "#lib/contracts/release.ts";
import { readEnvironmentReleases, readReleases } from "#lib/db/repositories/release.ts";
import { VigieError } from "#lib/domain/error.ts";
import { sealedVersion } from "#lib/domain/release.ts";
import { authorise, noSuchEnvironment } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const querySchema = z.object({ environment: z.string(), before: z.coerce.number().int().positive().max(2_147_483_647).optional(), limit: z.coerce.number().int().min(1).max(100).default(20) });
export type ReleaseQuery = z.input<typeof querySchema>;

export function summaryOf(release: Release, currentHash: string | null): ReleaseSummary {
  const { content, ...rest } = release;
  return {
    ...rest,
    current: release.contentHash === currentHash,
    bigPods: Object.entries(content.bigPods).map(([bigPod, sealed]) => ({ bigPod, version: sealedVersion(sealed), images: sealed.images })),
  };
}

/**
 * Releases that an environment ran, newest number first. `before` is a number (exclusive): the number of the last one of the page before.
 * Throws VigieError: "not-found" for an unknown environment, "denied", "invalid".
 */
export async function listReleases(context: ServiceContext, actor: Actor, query: ReleaseQuery): Promise<{ releases: ReleaseSummary[]; next: number | null }> {
  const environment = String(query.environment);
  await authorise(context, actor, "release.read", environment, "read the releases");
  const parsed = querySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", `The list of releases cannot be read like this: ${z.prettifyError(parsed.error)}`);
  if (!context.config.environments.some((e) => e.name === environment)) throw noSuchEnvironment(environment);
  const { before, limit } = parsed.data;
  const [current] = await readEnvironmentReleases(context.db, { environment });
  const found = await readReleases(context.db, { environment, limit: limit + 1, ...(before === undefined ? {} : { before }) });
  const page = found.slice(0, limit);
  return { releases: page.map((release) => summaryOf(release, current?.contentHash ?? null)), next: found.length > limit ? (page.at(-1)?.number ?? null) : null };
}

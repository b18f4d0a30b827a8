import type { Actor } from "#lib/contracts/actor.ts";
import type { Release } from "#lib/contracts/release.ts";
import { releaseNumberSchema } from "#lib/contracts/operation.ts";
import { readRelease as findRelease } from "#lib/db/repositories/release.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/**
 * One sealed record whole, by environment and number (214 or "R-214"). Holds ConfigMap contents: for services and people who may read releases, not for the log.
 * Throws VigieError: "denied", "invalid", "not-found".
 */
export async function readRelease(context: ServiceContext, actor: Actor, environment: string, number: unknown): Promise<Release> {
  await authorise(context, actor, "release.read", environment, "read a release");
  const parsed = releaseNumberSchema.safeParse(number);
  if (!parsed.success) throw new VigieError("invalid", `${JSON.stringify(number)} is no release number: write it as 214 or "R-214".`);
  const release = await findRelease(context.db, environment, parsed.data);
  if (!release) throw new VigieError("not-found", `No release R-${parsed.data} was recorded in ${environment}. The list of releases shows those that were.`);
  return release;
}

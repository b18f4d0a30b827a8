import type { Trails } from "#components/query/trail.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { isAllowed } from "#lib/domain/access.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { listReleases } from "#lib/services/release/list.ts";

const kept = 5;

/** The last releases of each environment, for the buttons that go back. */
export async function readTrails(context: ServiceContext, actor: Actor, environments: readonly string[]): Promise<Trails> {
  const visible = environments.filter((environment) => isAllowed(actor.grants, "release.read", environment));
  const trails = await Promise.all(
    visible.map(async (environment) => {
      const { releases } = await listReleases(context, actor, { environment, limit: kept });
      return [environment, releases.map((release) => ({ number: release.number, proven: release.healthyAt !== null }))] as const;
    }),
  );
  return Object.fromEntries(trails);
}

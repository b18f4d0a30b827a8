import type { Actor } from "#lib/contracts/actor.ts";
import { isAllowed } from "#lib/domain/access.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const kept = 8;

/**
 * The newest release numbers of every environment whose releases the actor may read, and whether each was ever seen healthy there:
 * enough to say where a rollback would go, without reading the records themselves. Environments that may not be read are left out.
 */
export async function readReleaseTrails(context: ServiceContext, actor: Actor): Promise<Record<string, { number: number; proven: boolean }[]>> {
  const visible = context.config.environments.map(({ name }) => name).filter((name) => isAllowed(actor.grants, "release.read", name));
  const trails = await Promise.all(
    visible.map(async (environment) => {
      const rows = await context.db.releaseRecord.findMany({ where: { environment }, select: { number: true, healthyAt: true }, orderBy: { number: "desc" }, take: kept });
      const numbers = [...new Set(rows.map((row) => row.number))];
      return [environment, numbers.map((number) => ({ number, proven: rows.some((row) => row.number === number && row.healthyAt !== null) }))] as const;
    }),
  );
  return Object.fromEntries(trails);
}

import { z } from "zod";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import { readDrifts } from "#lib/db/repositories/drift.ts";

/** What guards take from the database, for every environment at once. */
export interface GuardFacts {
  /** Database time of the reading. */
  now: Date;
  breakGlass: Map<string, NonNullable<EnvironmentGuard["breakGlass"]>>;
  openReviews: Map<string, EnvironmentGuard["openReviews"]>;
  quarantined: Map<string, EnvironmentGuard["quarantined"]>;
  drift: Map<string, EnvironmentGuard["drift"]>;
}

const named = z.object({ name: z.string() }).catch({ name: "somebody" });

export async function readGuardFacts(db: Database, environments: readonly string[]): Promise<GuardFacts> {
  return db.$transaction(
    async (tx) => {
      const now = await databaseNow(tx);
      const uses = await tx.breakGlassRow.findMany({ where: { OR: [{ expiresAt: { gt: now } }, { reviewedAt: null }] }, orderBy: { openedAt: "desc" }, take: 500 });
      const ids = uses.map((use) => use.id);
      const counts = ids.length === 0 ? [] : await tx.$queryRaw<{ id: string; operations: number }[]>`SELECT break_glass_id AS id, count(*)::int AS operations FROM operation WHERE break_glass_id = ANY(${ids}) GROUP BY break_glass_id`;
      const quarantine = await tx.quarantineRow.findMany({ where: { liftedAt: null }, orderBy: { at: "desc" }, take: 500 });
      const breakGlass: GuardFacts["breakGlass"] = new Map();
      const openReviews: GuardFacts["openReviews"] = new Map();
      const quarantined: GuardFacts["quarantined"] = new Map();
      for (const use of uses) {
        const told = { id: use.id, by: named.parse(use.actor).name, reason: use.reason, openedAt: use.openedAt.toISOString() };
        if (use.expiresAt > now && !breakGlass.has(use.environment)) breakGlass.set(use.environment, { ...told, expiresAt: use.expiresAt.toISOString() });
        if (use.reviewedAt === null) append(openReviews, use.environment, { ...told, operations: counts.find((count) => count.id === use.id)?.operations ?? 0 });
      }
      for (const row of quarantine) append(quarantined, row.environment, { release: row.release, reason: row.reason, at: row.at.toISOString() });
      return { now, breakGlass, openReviews, quarantined, drift: await readDrifts(tx, environments) };
    },
    { isolationLevel: "RepeatableRead", maxWait: 2_000, timeout: 5_000 },
  );
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

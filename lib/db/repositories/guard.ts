import { environmentGuardSchema } from "#lib/contracts/state.ts";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { asJson } from "#lib/db/repositories/operation.ts";

/** Guards of the environments named. Rows of an older version that no longer fit are left out: the worker writes them anew. */
export async function readGuards(db: Database | Transaction, environments: readonly string[]): Promise<{ guard: EnvironmentGuard; position: number }[]> {
  const rows = await db.environmentGuardRow.findMany({ where: { environment: { in: [...environments] } } });
  return rows.flatMap((row) => {
    const parsed = environmentGuardSchema.safeParse(row.state);
    return parsed.success ? [{ guard: parsed.data, position: Number(row.position) }] : [];
  });
}

/** Writes a guard and tells the stream. */
export async function writeGuard(tx: Transaction, guard: EnvironmentGuard, at: Date): Promise<void> {
  const position = await nextPosition(tx);
  const row = { state: asJson(guard), position, updatedAt: at };
  await tx.environmentGuardRow.upsert({ where: { environment: guard.environment }, create: { environment: guard.environment, ...row }, update: row });
  await publish(tx, "guard", guard.environment, position);
}

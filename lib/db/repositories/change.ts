import type { Prisma } from "#lib/db/generated/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { changeSchema } from "#lib/contracts/state.ts";
import type { Change } from "#lib/contracts/state.ts";

/** Adds a change under a position. One with this id that is known already (another worker saw it, or this one before a restart) stays as it is. */
export async function addChange(tx: Transaction, change: Change, position: bigint): Promise<void> {
  await tx.changeRow.createMany({ data: [{ ...change, at: new Date(change.at), position }], skipDuplicates: true });
}

export async function hasChange(db: Database | Transaction, id: string): Promise<boolean> {
  return (await db.changeRow.count({ where: { id } })) > 0;
}

/** Newest first. */
export async function readChanges(db: Database | Transaction, options: { where?: Prisma.ChangeRowWhereInput; limit: number }): Promise<{ change: Change; position: number }[]> {
  const rows = await db.changeRow.findMany({ where: options.where ?? {}, orderBy: [{ at: "desc" }, { id: "desc" }], take: options.limit });
  return rows.flatMap(({ position, at, ...row }) => {
    const result = changeSchema.safeParse({ ...row, at: at.toISOString() });
    return result.success ? [{ change: result.data, position: Number(position) }] : [];
  });
}

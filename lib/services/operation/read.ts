import type { Actor } from "#lib/contracts/actor.ts";
import type { Operation } from "#lib/contracts/operation.ts";
import { findOperation, toOperation } from "#lib/db/repositories/operation.ts";
import { summariesOf } from "#lib/db/repositories/operation-queue.ts";
import { VigieError } from "#lib/domain/error.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** One operation with plan, steps and evidence. Throws VigieError "not-found", "denied". */
export async function readOperation(context: ServiceContext, actor: Actor, id: string): Promise<Operation> {
  const row = await findOperation(context.db, id);
  const missing = new VigieError("not-found", "There is no such operation.", { detail: { id } });
  if (row === null) throw missing;
  await authorise(context, actor, "operation.read", row.environment, "read an operation", missing);
  const [summary] = await summariesOf(context.db, [row]);
  return { ...toOperation(row), waits: summary?.waits ?? null };
}

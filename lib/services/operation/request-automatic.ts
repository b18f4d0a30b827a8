import type { Transaction } from "#lib/db/client.ts";
import type { StoredPlan } from "#lib/db/repositories/plan.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { insertOperation } from "#lib/services/operation/insert.ts";
import type { RequestedOperation } from "#lib/services/operation/request.ts";

/** Who asks for what Vigie begins by itself. */
export const vigieActor = { kind: "system", id: "vigie", name: "Vigie" } as const;

export interface AutomaticRequest {
  /** The plan as buildPlan made it a moment ago. */
  stored: StoredPlan;
  reason: string;
  /** The operation it follows: of each kind at most one ever follows it. Null: the key alone makes it once. */
  followsId: string | null;
  /** One key for one intent: "rollback-after:<operation>", "drill:<environment>:<due at>". */
  key: string;
  /** First thing in the transaction; throwing ends it, `false` gives it up without a word (somebody else has done it). */
  before?: (tx: Transaction) => Promise<boolean>;
  /** What belongs to the same intent: it is written with the operation or not at all. */
  also?: (tx: Transaction, operationId: string, at: Date) => Promise<void>;
}

/** Ends the transaction with nothing written, and is no failure. */
class GivenUp extends Error {}

/**
 * Writes an operation that Vigie itself asks for: operation with its steps, audit entry, job and notice, all or nothing. Nobody is authorised, because
 * nobody asks; whoever calls this has judged the gates, and they are judged again at its turn. Null: it exists already or `before` gave it up, and nothing
 * was written. It waits behind what runs.
 */
export async function requestAutomatic(context: ServiceContext, given: AutomaticRequest): Promise<RequestedOperation | null> {
  const { stored, reason, followsId, key, also } = given;
  try {
    return await insertOperation(context, vigieActor, {
      stored, reason, idempotencyKey: key, automatic: true, followsId,
      async before(tx) {
        if ((await exists(tx, given)) || (given.before !== undefined && !(await given.before(tx)))) throw new GivenUp();
      },
      ...(also === undefined ? {} : { also }),
    });
  } catch (error) {
    if (error instanceof GivenUp) return null;
    if (error instanceof Error && "code" in error && error.code === "P2002" && (await exists(context.db, given))) return null;
    throw error;
  }
}

async function exists(db: Pick<Transaction, "operationRow">, { stored, followsId, key }: AutomaticRequest): Promise<boolean> {
  const same = [{ actorId: vigieActor.id, idempotencyKey: key }, ...(followsId === null ? [] : [{ followsId, kind: stored.plan.kind, automatic: true }])];
  return (await db.operationRow.count({ where: { OR: same } })) > 0;
}

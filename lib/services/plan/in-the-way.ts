import type { Database } from "#lib/db/client.ts";
import { findActiveOperation } from "#lib/db/repositories/operation.ts";
import type { ActiveOperation } from "#lib/domain/plan-facts.ts";
import type { PlanOptions } from "#lib/services/plan/build.ts";

/** The operation that has an environment to itself; the one whose own turn it is is not in its own way. */
export async function operationInTheWay(db: Database, environment: string, { forOperation }: PlanOptions): Promise<ActiveOperation | null> {
  const active = await findActiveOperation(db, environment);
  return active === null || active.id === forOperation ? null : active;
}

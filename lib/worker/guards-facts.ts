import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { openProposal } from "#lib/db/repositories/promotion-watch.ts";
import { storedReadiness } from "#lib/db/repositories/rollback-readiness.ts";

/** What an environment's guard says of the way back: to which release, whether it would work, and when it was proven last. Null: not looked at yet. */
export function readReadiness(db: Database | Transaction, environment: string): Promise<EnvironmentGuard["rollback"]> {
  return storedReadiness(db, environment);
}

/** The rollback that is proposed after a promotion that failed while it was watched; null when none is. */
export function readProposal(db: Database | Transaction, environment: string): Promise<EnvironmentGuard["proposal"]> {
  return openProposal(db, environment);
}

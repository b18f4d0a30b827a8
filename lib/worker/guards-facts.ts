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

/** How long the way back may be told as it was read; proposals are read each time. */
const readinessAgeMs = 3_000;

/** Both, for guards that ask every second: the way back is read every few seconds only, because its drill comes with all its steps. */
export function createGuardFacts(db: Database): (environment: string) => Promise<Pick<EnvironmentGuard, "rollback" | "proposal">> {
  const known = new Map<string, { at: number; rollback: EnvironmentGuard["rollback"] }>();
  return async (environment) => {
    const before = known.get(environment);
    const now = performance.now();
    const fresh = before !== undefined && now - before.at < readinessAgeMs ? before : { at: now, rollback: await readReadiness(db, environment) };
    known.set(environment, fresh);
    return { rollback: fresh.rollback, proposal: await readProposal(db, environment) };
  };
}

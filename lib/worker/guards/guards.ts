import type { Config } from "#lib/contracts/config.ts";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import type { Database } from "#lib/db/client.ts";
import { readGuardFacts } from "#lib/db/repositories/guard-facts.ts";
import { readGuards, writeGuard } from "#lib/db/repositories/guard.ts";
import { sameJson } from "#lib/domain/fold-rollout.ts";
import { environmentGuard, lookAgainAt } from "#lib/domain/gate-guard.ts";
import { windowAt } from "#lib/domain/window.ts";
import type { WindowState } from "#lib/domain/window.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** What another part of the worker knows of the way back and of watched promotions. */
export type GuardExtras = (environment: string) => Promise<Pick<EnvironmentGuard, "rollback" | "proposal">>;

export interface Guards {
  start(): void;
  /** Resolves when a look that is under way has ended; none begins after it. */
  stop(): Promise<void>;
}

const everyMs = 1_000;
const noExtras: GuardExtras = () => Promise.resolve({ rollback: null, proposal: null });

/**
 * Keeps what guards each environment up to date: windows and freezes by the database's time, break-glass and its reviews, quarantine. Only while this
 * worker holds the observer's lease, and only what changed is written, all of it in one transaction that proves the lease.
 */
export function createGuards(parts: { config: Config; db: Database; lease: () => LeaseToken | null; log: Log; extras?: GuardExtras }): Guards {
  const { config, db, lease, log, extras = noExtras } = parts;
  const windows = new Map<string, { state: WindowState | null; validUntilMs: number; lookedAtMs: number }>();
  /** What stands in the database as far as this holder of the lease knows; null: not read yet. */
  let written: { epoch: bigint; guards: Map<string, EnvironmentGuard> } | null = null;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | null = null;
  let stopped = false;
  let failing = false;

  function windowOf(environment: Config["environments"][number], now: Date): WindowState | null {
    const known = windows.get(environment.name);
    if (known !== undefined && now.getTime() < known.validUntilMs && now.getTime() >= known.lookedAtMs) return known.state;
    const state = windowAt(environment.policy.windows, environment.policy.freezes, now);
    windows.set(environment.name, { state, validUntilMs: lookAgainAt(state, now), lookedAtMs: now.getTime() });
    return state;
  }

  async function look(): Promise<void> {
    const token = lease();
    if (token === null) {
      written = null;
      return;
    }
    const names = config.environments.map((environment) => environment.name);
    if (written?.epoch !== token.epoch) written = { epoch: token.epoch, guards: new Map((await readGuards(db, names)).map(({ guard }) => [guard.environment, guard])) };
    const { guards } = written;
    const facts = await readGuardFacts(db, names);
    const changed: EnvironmentGuard[] = [];
    for (const environment of config.environments) {
      const rest = { breakGlass: facts.breakGlass.get(environment.name) ?? null, openReviews: facts.openReviews.get(environment.name) ?? [], quarantined: facts.quarantined.get(environment.name) ?? [], drift: facts.drift.get(environment.name) ?? [], ...(await extras(environment.name)) };
      const guard = environmentGuard(environment, windowOf(environment, facts.now), rest, facts.now);
      const before = guards.get(environment.name);
      if (before === undefined || !sameJson(before, guard)) changed.push(guard);
    }
    if (changed.length === 0) return;
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      for (const guard of changed) await writeGuard(tx, guard, facts.now);
    });
    for (const guard of changed) guards.set(guard.environment, guard);
  }

  function tick(): void {
    if (stopped || looking !== null) return;
    looking = look()
      .then(() => {
        if (failing) log.info({}, "guards are written again");
        failing = false;
      })
      .catch((error: unknown) => {
        written = null; // What was written is read anew: the transaction may have been committed.
        if (error instanceof LeaseLost) return;
        if (!failing) log.warn({ err: error }, "what guards the environments cannot be written; it is tried each second");
        failing = true;
      })
      .finally(() => (looking = null));
  }

  return {
    start() {
      timer ??= setInterval(tick, everyMs);
      tick();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}

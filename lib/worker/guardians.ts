import type { EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createPromotionWatcher } from "#lib/worker/after-promotion/watcher.ts";
import { createDrillScheduler } from "#lib/worker/drills/scheduler.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createRecoveryWatch } from "#lib/worker/incidents/recovery.ts";
import { createReadinessWatch } from "#lib/worker/readiness/readiness.ts";

const watchEveryMs = 1_000;
const recoveryEveryMs = 1_000;
const readinessEveryMs = 3_000;
const drillEveryMs = 10_000;

export interface Guardians {
  /** Begins nothing new, ends what is under way. */
  stop(): Promise<void>;
}

export interface GuardianParts {
  context: ServiceContext;
  views: EnvironmentViews;
  /** The observer's: without it these look at nothing. */
  lease: () => LeaseToken | null;
  random: () => number;
  /** Told when the way back or the proposal of an environment may have changed. */
  changed?: (environment: string) => void;
}

/** What Vigie looks after by itself once operations have ended: promotions that are watched, the way back, drills, whether incidents are over. */
export function startGuardians({ context, views, lease, random, changed = () => undefined }: GuardianParts): Guardians {
  const promotions = createPromotionWatcher({ context, views, lease, changed });
  const readiness = createReadinessWatch({ context, views, lease, random, changed });
  const drills = createDrillScheduler({ context, lease });
  const recoveries = createRecoveryWatch({ context, lease });
  const timers = [setInterval(() => void recoveries.look(), recoveryEveryMs), setInterval(() => void promotions.look(), watchEveryMs), setInterval(() => void readiness.look(), readinessEveryMs), setInterval(() => void drills.look(), drillEveryMs)];
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([promotions.close(), readiness.close(), drills.close(), recoveries.close()]);
    },
  };
}

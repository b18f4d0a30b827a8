import type { EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { IncidentHook } from "#lib/services/incident/announce.ts";
import { createPromotionWatcher } from "#lib/worker/after-promotion/watcher.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import { createNotifier } from "#lib/worker/incidents/notify.ts";
import { createDrillScheduler } from "#lib/worker/drills/scheduler.ts";
import { createIncidentEngine } from "#lib/worker/incidents/engine.ts";
import { createSuspectSeeker } from "#lib/worker/incidents/suspects.ts";
import { createSignalWatch } from "#lib/worker/incidents/signals/watch.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createReadinessWatch } from "#lib/worker/readiness/readiness.ts";

const watchEveryMs = 1_000;
const signalsEveryMs = 500;
const readinessEveryMs = 3_000;
const drillEveryMs = 10_000;
const suspectsEveryMs = 1_000;
const notifyEveryMs = 1_000;

export interface Guardians {
  /** Begins nothing new, ends what is under way. */
  stop(): Promise<void>;
}

export interface GuardianParts {
  context: ServiceContext;
  databaseUrl: string;
  views: EnvironmentViews;
  /** The observer's: without it these look at nothing. */
  lease: () => LeaseToken | null;
  random: () => number;
  /** Told when the way back or the proposal of an environment may have changed. */
  changed?: (environment: string) => void;
  /** Called in the transaction that makes news of an incident. */
  onIncident?: readonly IncidentHook[];
}

/** What Vigie looks after by itself: signals and incidents, promotions that are watched, the way back, drills. */
export function startGuardians({ context, databaseUrl, views, lease, random, changed = () => undefined, onIncident = [] }: GuardianParts): Guardians {
  const promotions = createPromotionWatcher({ context, views, lease, changed });
  const readiness = createReadinessWatch({ context, views, lease, random, changed });
  const drills = createDrillScheduler({ context, lease });
  const signals = createSignalWatch({ context, lease });
  const incidents = createIncidentEngine({ context, databaseUrl, lease, onIncident });
  const suspects = createSuspectSeeker({ context, lease });
  const notifier = context.notify === undefined || context.config.notifications.length === 0 ? null : createNotifier({ context, notify: context.notify, portalUrl: portalUrl(context.config), random });
  incidents.start();
  const timers = [setInterval(() => void signals.look(), signalsEveryMs), setInterval(() => void promotions.look(), watchEveryMs), setInterval(() => void readiness.look(), readinessEveryMs), setInterval(() => void drills.look(), drillEveryMs), setInterval(() => void suspects.look(), suspectsEveryMs), ...(notifier === null ? [] : [setInterval(() => void notifier.look(), notifyEveryMs)])];
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([promotions.close(), readiness.close(), drills.close(), signals.close(), incidents.close(), suspects.close(), notifier?.close()]);
    },
  };
}

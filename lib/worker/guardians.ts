import type { EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import type { IncidentHook } from "#lib/services/incident/announce.ts";
import { createPromotionWatcher } from "#lib/worker/after-promotion/watcher.ts";
import { createCheckpointer } from "#lib/worker/checkpoints/checkpointer.ts";
import { createDeliverer } from "#lib/worker/checkpoints/deliverer.ts";
import { portalUrl } from "#lib/runtime/portal-url.ts";
import { createNotifier } from "#lib/worker/incidents/notify.ts";
import { createIntentSweeper } from "#lib/worker/intents/sweeper.ts";
import { createDrillScheduler } from "#lib/worker/drills/scheduler.ts";
import { createIncidentEngine } from "#lib/worker/incidents/engine.ts";
import { createSuspectSeeker } from "#lib/worker/incidents/suspects.ts";
import { createSignalWatch } from "#lib/worker/incidents/signals/watch.ts";
import { createAnnotationPusher } from "#lib/worker/incidents/grafana-annotations.ts";
import { createPartitionKeeper } from "#lib/worker/audit/partitions.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createRecoveryWatch } from "#lib/worker/incidents/recovery.ts";
import { createReadinessWatch } from "#lib/worker/readiness/readiness.ts";

/** Looks when it is time (never twice at once), and ends what is under way. */
interface Guardian {
  look(): Promise<void> | void;
  close(): Promise<void> | void;
}

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

/** What Vigie looks after by itself: signals and incidents, promotions that are watched, the way back, drills, who is told. Each looks at its own pace. */
export function startGuardians({ context, databaseUrl, views, lease, random, changed = () => undefined, onIncident = [] }: GuardianParts): Guardians {
  const incidents = createIncidentEngine({ context, databaseUrl, lease, onIncident });
  const guardians: { everyMs: number; guardian: Guardian }[] = [
    { everyMs: 500, guardian: createSignalWatch({ context, lease }) },
    { everyMs: 1_000, guardian: createPromotionWatcher({ context, views, lease, changed }) },
    { everyMs: 1_000, guardian: createSuspectSeeker({ context, lease }) },
    { everyMs: 1_000, guardian: createRecoveryWatch({ context, lease }) },
    { everyMs: 2_000, guardian: createAnnotationPusher({ context, lease }) },
    { everyMs: 3_000, guardian: createReadinessWatch({ context, views, lease, random, changed }) },
    { everyMs: 10_000, guardian: createDrillScheduler({ context, lease }) },
    { everyMs: 60_000, guardian: createPartitionKeeper({ context, lease }) },
    { everyMs: 15_000, guardian: createIntentSweeper({ context, views, lease }) },
  ];
  if (context.notify !== undefined && context.config.notifications.length > 0) guardians.push({ everyMs: 1_000, guardian: createNotifier({ context, notify: context.notify, portalUrl: portalUrl(context.config), random }) });
  const { checkpoints } = context;
  if (checkpoints !== undefined) guardians.push({ everyMs: 1_000, guardian: createCheckpointer({ context, checkpoints, lease }) }, { everyMs: 1_000, guardian: createDeliverer({ context, checkpoints, lease, random }) });
  incidents.start();
  const timers = guardians.map(({ everyMs, guardian }) => setInterval(() => void guardian.look(), everyMs));
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([incidents.close(), ...guardians.map(({ guardian }) => guardian.close())]);
    },
  };
}

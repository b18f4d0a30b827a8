import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createDatabaseClock } from "#lib/worker/database-clock.ts";
import { createGuards } from "#lib/worker/guards/guards.ts";
import type { GuardExtras } from "#lib/worker/guards/guards.ts";
import type { OperationsParts } from "#lib/worker/operations/start.ts";
import { createGuardFacts } from "#lib/worker/guards-facts.ts";
import { startGuardians } from "#lib/worker/guardians.ts";
import { shutDown } from "#lib/worker/shutdown.ts";
import { startStandDown } from "#lib/worker/stand-down/start.ts";
import type { StandDown } from "#lib/worker/stand-down/start.ts";
import { createEnvironmentViews } from "#lib/worker/watchers/environment-view.ts";
import { createObserver } from "#lib/worker/watchers/observer.ts";
import type { Observer } from "#lib/worker/watchers/observer.ts";
import { createStartWatching } from "#lib/worker/watchers/start-watching.ts";
import type { StartWatching } from "#lib/worker/watchers/watching.ts";

/** The executor of operations. It takes no new work once `stop` is called, and ends in a few seconds. */
interface RunningOperations {
  stop(): Promise<void>;
}

export interface WorkerParts {
  context: ServiceContext;
  databaseUrl: string;
  apiOf: (environment: string) => ClusterApi;
  /** The Prometheus of an environment; null where none is configured. */
  metricsOf?: (environment: string) => MetricsApi | null;
  holder: string;
  random: () => number;
  startOperations?: (parts: OperationsParts) => Promise<RunningOperations>;
  /** What is known of the way back and of watched promotions; nothing when left out. */
  guardExtras?: GuardExtras;
  /** Where objects come from; the clusters' APIs when left out. */
  startWatching?: StartWatching;
}

export interface RunningWorker {
  observer: Observer;
  views: EnvironmentViews;
  /** Takes no new work, writes what is known, gives the lease up. True when all ended within ten seconds. */
  stop(): Promise<boolean>;
}

const stopLimitMs = 9_000;

/** Starts observing and operating. Connections handed in (database, clusters) are ended by the caller, after stop(). */
export async function startWorker(parts: WorkerParts): Promise<RunningWorker> {
  const { databaseUrl, apiOf, holder, random } = parts;
  const { config, log, db, registry } = parts.context;
  const clock = await createDatabaseClock(db, parts.context.clock, log);
  const context: ServiceContext = { ...parts.context, clock };
  const watching = createStartWatching({ config, apiOf, metricsOf: parts.metricsOf ?? ((environment) => context.outside.metrics(environment)), clock, random, log });
  const views = createEnvironmentViews({ config, startWatching: parts.startWatching ?? watching.start, clock, log });
  const observer = createObserver({ config, db, views, registry, clock, log, holder });
  const guards = createGuards({ config, db, lease: () => observer.lease(), log, extras: parts.guardExtras ?? createGuardFacts(db) });
  observer.start();
  guards.start();
  let operations: RunningOperations | null = null;
  let standDown: StandDown | null = null;
  try {
    operations = (await parts.startOperations?.({ context, databaseUrl, views, apiOf, holder })) ?? null;
    standDown = operations === null ? null : startStandDown(context);
  } catch (error) {
    await guards.stop();
    await observer.stop();
    await views.closeAll();
    clock.stop();
    throw error;
  }
  const guardians = startGuardians({ context, databaseUrl, views, lease: () => observer.lease(), random });
  return {
    observer,
    views,
    stop: () =>
      shutDown(
        [
          { name: "stand-downs", stop: () => standDown?.stop() },
          { name: "operations", stop: () => operations?.stop() },
          { name: "guardians", stop: () => guardians.stop() },
          { name: "guards", stop: () => guards.stop() },
          { name: "observer", stop: () => observer.stop() },
          { name: "views", stop: () => views.closeAll() },
          { name: "pulses", stop: () => watching.close() },
          { name: "clock", stop: () => clock.stop() },
        ],
        stopLimitMs,
        log,
      ),
  };
}

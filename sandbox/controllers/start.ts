import { runAutoscalers } from "#sandbox/controllers/autoscaler.ts";
import { createClock, createScope, type Clock } from "#sandbox/controllers/clock.ts";
import { defaultTimes, managerName, type ControllerContext, type ControllerTimes } from "#sandbox/controllers/context.ts";
import { runCronJobs } from "#sandbox/controllers/cronjob.ts";
import { runDeployments } from "#sandbox/controllers/deployment.ts";
import { runDisruptionBudgets } from "#sandbox/controllers/disruption.ts";
import { runEndpoints } from "#sandbox/controllers/endpoints.ts";
import { runEventExpiry } from "#sandbox/controllers/event-expiry.ts";
import { createEventRecorder } from "#sandbox/controllers/event-recorder.ts";
import { runGarbageCollector } from "#sandbox/controllers/garbage-collector.ts";
import { runJobs } from "#sandbox/controllers/job.ts";
import { runKubelets } from "#sandbox/controllers/kubelet.ts";
import { runNamespaces } from "#sandbox/controllers/namespace-lifecycle.ts";
import { runNodeLifecycle } from "#sandbox/controllers/node-lifecycle.ts";
import { runReplicaSets } from "#sandbox/controllers/replicaset.ts";
import { runResourceQuotas } from "#sandbox/controllers/resource-quota.ts";
import { runScheduler } from "#sandbox/controllers/scheduler.ts";
import type { Store } from "#sandbox/kube/types.ts";
import type { ContainerHost } from "#sandbox/world/container-host.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";

export interface ControllerOptions extends Partial<ControllerTimes> {
  /** Divides every delay. Ignored when a clock is given. */
  speed?: number;
  /** Hears of errors inside controllers; the work is tried again. Default: a line on stderr. */
  onError?: (where: string, error: unknown) => void;
}

export interface ControllerSetup {
  store: Store;
  catalogue: ImageCatalogue;
  /** The containers' insides. */
  world: ContainerHost;
  /** Milliseconds since the epoch. */
  now?: () => number;
  random?: () => number;
  options?: ControllerOptions;
  /** Replaces the clock made of `now` and `options.speed`. Only what was started here is stopped. */
  clock?: Clock;
}

/** Starts everything that acts on the store. What the store already holds goes on as it was. `stop` leaves no timer behind. */
export function startControllers({ store, catalogue, world, now, random = Math.random, options = {}, clock: given }: ControllerSetup): { stop(): void } {
  const { speed, onError = reportError, ...times } = options;
  const ticking = given ?? createClock({ now, speed });
  const clock = createScope(ticking, (error) => onError("timer", error));
  const context: ControllerContext = {
    store,
    catalogue,
    containers: world,
    clock,
    random,
    times: { ...defaultTimes, ...times },
    events: createEventRecorder({ store, clock, manager: managerName }),
    onError,
  };
  const running = [
    runGarbageCollector, runNamespaces, runKubelets, runNodeLifecycle, runScheduler, runReplicaSets, runDeployments,
    runEndpoints, runResourceQuotas, runDisruptionBudgets, runJobs, runCronJobs, runAutoscalers, runEventExpiry,
  ].map((run) => run(context));
  return {
    stop() {
      for (const stop of running.toReversed()) stop();
      clock.stop();
    },
  };
}

function reportError(where: string, error: unknown): void {
  process.stderr.write(`sandbox: ${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

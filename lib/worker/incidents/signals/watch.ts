import type { ServiceContext } from "#lib/services/context.ts";
import { createAsker } from "#lib/worker/incidents/signals/ask.ts";
import type { Asker } from "#lib/worker/incidents/signals/ask.ts";
import { lookForBlindness } from "#lib/worker/incidents/signals/blind.ts";
import { lookAtHealth } from "#lib/worker/incidents/signals/health.ts";
import { lookAtAlerts } from "#lib/worker/incidents/signals/look.ts";
import type { Misses } from "#lib/worker/incidents/signals/look.ts";
import { lookAtOperations } from "#lib/worker/incidents/signals/operations.ts";
import { watchPoints } from "#lib/worker/incidents/signals/points.ts";
import type { WatchPoint } from "#lib/worker/incidents/signals/points.ts";
import { LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

const patienceMs = 5_000;
const freshByDefaultMs = 5 * 60_000;

export interface SignalWatch {
  /** Looks at what is due: health and operations each time, watch points every alerting.pollSeconds. None waits for another; a look during another is left out. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface SignalWatchOptions {
  context: ServiceContext;
  lease: () => LeaseToken | null;
  /** How long after its start an Alertmanager's silence says nothing. */
  freshMs?: number;
  /** Milliseconds of a clock that does not jump. */
  now?: () => number;
}

interface Watched {
  point: WatchPoint;
  asker: Asker;
  nextMs: number;
}

/** Records all signals that Vigie finds by itself, with the observer's lease only. What is remembered between looks is given up with the lease. */
export function createSignalWatch({ context, lease, freshMs = freshByDefaultMs, now = () => performance.now() }: SignalWatchOptions): SignalWatch {
  const { config, log, outside } = context;
  const stopping = new AbortController();
  const busy = new Map<unknown, Promise<void>>();
  const quietly = new Set<string>();
  let epoch: bigint | null = null;
  let sinceMs = 0;
  let watched: Watched[] = [];
  let misses: Misses = new Map();
  let brokenSince = new Map<string, Date>();

  function begin(token: LeaseToken): void {
    epoch = token.epoch;
    sinceMs = now();
    misses = new Map();
    brokenSince = new Map();
    const options = { watchdog: config.alerting.watchdog?.alert, timeoutMs: patienceMs, freshMs, signal: stopping.signal, now };
    watched = watchPoints(config, outside).map((point) => ({ point, asker: createAsker(point, options), nextMs: sinceMs }));
  }

  /** One at a time of each kind; what fails is told once until it works again. */
  function run(key: unknown, what: string, work: () => Promise<void>): Promise<void> {
    const already = busy.get(key);
    if (already !== undefined) return already;
    const running = work()
      .then(() => void quietly.delete(what))
      .catch((error: unknown) => {
        if (error instanceof LeaseLost || stopping.signal.aborted) return;
        if (quietly.has(what)) log.debug({ err: error }, `${what} cannot be looked at right now`);
        else log.warn({ err: error }, `${what} cannot be looked at right now; it is tried again`);
        quietly.add(what);
      })
      .finally(() => void busy.delete(key));
    busy.set(key, running);
    return running;
  }

  async function lookAtPoint(one: Watched, token: LeaseToken): Promise<void> {
    const { point, asker } = one;
    const points = watched.map((other) => other.point);
    one.nextMs = now() + config.alerting.pollSeconds * 1000;
    await lookAtAlerts({ context, point, points, asker, misses, token });
    await lookForBlindness({ context, point, asker, token, sinceMs, nowMs: now() });
  }

  return {
    async look() {
      const token = lease();
      if (token === null || stopping.signal.aborted) return;
      try {
        if (epoch !== token.epoch) begin(token);
      } catch (error) {
        // A secret that is missing is told at every look until it is there.
        log.warn({ err: error }, "Prometheus and Alertmanager cannot be asked");
        epoch = null;
        return;
      }
      const due = watched.filter((one) => now() >= one.nextMs);
      await Promise.all([
        run("health", "the health of Big Pods", () => lookAtHealth({ context, token, brokenSince })),
        run("operations", "operations that failed", () => lookAtOperations({ context, token })),
        ...due.map((one) => run(one, `the monitoring of ${one.point.environments.join(", ")}`, () => lookAtPoint(one, token))),
      ]);
    },
    async close() {
      stopping.abort();
      await Promise.all(busy.values());
    },
  };
}

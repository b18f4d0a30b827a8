import type { Config } from "#lib/contracts/config.ts";
import type { Database } from "#lib/db/client.ts";
import { readCurrentRelease } from "#lib/db/repositories/release.ts";
import { readSources, readStates, removeUnconfigured } from "#lib/db/repositories/state.ts";
import type { RegistryApi } from "#lib/ports/registry.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { assertLease, createLeaseKeeper, observerLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { recordUnwatched } from "#lib/worker/guards/unwatched.ts";
import { createChangeRecorder } from "#lib/worker/watchers/change-recorder.ts";
import { createDriftRecorder } from "#lib/worker/watchers/drift-recorder.ts";
import { createEventRecorder } from "#lib/worker/watchers/event-recorder.ts";
import { createHistoryPruner } from "#lib/worker/watchers/history-pruner.ts";
import type { ObservedView, Views } from "#lib/worker/watchers/environment-view.ts";
import { createReleaseRecorder } from "#lib/worker/watchers/release-recorder.ts";
import { createStateWriter } from "#lib/worker/watchers/writer.ts";

/** Moments of contact are written, settling and health looked at, this often also when nothing changes. */
const tickMs = 1_000;
/** A source that is still connecting after a start is told only then, so that a restart of the worker does not grey every tile. */
const connectingGraceMs = 2_000;

export interface Observer {
  start(): void;
  /** Writes what is waiting, gives the lease up, closes the views. */
  stop(): Promise<void>;
  /** Resolves when everything seen so far is written. */
  idle(): Promise<void>;
  lease(): LeaseToken | null;
}

/**
 * The part of a worker that holds the observer's lease: keeps every environment open, and writes states, sources, releases and changes.
 * A worker without the lease watches nothing but what its operations open.
 */
export function createObserver(parts: { config: Config; db: Database; views: Views; registry: RegistryApi; clock: Clock; log: Log; holder: string; leaseDurationMs?: number; renewMs?: number; waitForLaterMs?: number }): Observer {
  const { config, db, views, clock, log } = parts;
  const opened = new Map<string, ObservedView>();
  let timer: NodeJS.Timeout | undefined;
  let starting: Promise<void> = Promise.resolve();
  let startedAt = 0;
  const stopping = new AbortController();

  const keeper = createLeaseKeeper({
    db,
    name: observerLease,
    holder: parts.holder,
    log,
    ...(parts.leaseDurationMs === undefined ? {} : { durationMs: parts.leaseDurationMs }),
    ...(parts.renewMs === undefined ? {} : { renewMs: parts.renewMs }),
    onAcquired: (token) => void (starting = starting.then(() => begin(token))),
    onLost: close,
  });
  const lease = (): LeaseToken | null => keeper.current();
  const writer = createStateWriter({ db, lease, log, onLoss: again });
  const changes = createChangeRecorder({ config, db, lease, clock, log });
  const drift = createDriftRecorder({ config, db, lease, clock, log });
  const events = createEventRecorder({ db, lease, log });
  const pruner = createHistoryPruner({ db, lease, clock, log });
  const releases = createReleaseRecorder({ config, db, registry: parts.registry, lease, clock, log, ...(parts.waitForLaterMs === undefined ? {} : { waitForLaterMs: parts.waitForLaterMs }) });

  /** As after taking the lease: what is stored now is what everything is compared with. */
  function again(): void {
    const token = lease();
    if (token !== null) starting = starting.then(() => begin(token));
  }

  function look(view: ObservedView): void {
    for (const state of view.states()) writer.putState(state);
    putSources(view);
    changes.look(view);
    releases.look(view);
  }

  function putSources(view: ObservedView): void {
    for (const source of view.sources()) {
      if (source.status === "connecting" && clock.now().getTime() - startedAt < connectingGraceMs) continue;
      writer.putSource(source);
    }
  }

  function tick(): void {
    pruner.look();
    writer.verify();
    for (const view of opened.values()) {
      putSources(view);
      releases.look(view);
      events.look(view);
      drift.look(view);
    }
  }

  /** Everything known is read before anything is compared with it. Tried again until the database answers or the lease is another's. */
  async function begin(token: LeaseToken): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted && lease()?.epoch === token.epoch; attempt += 1) {
      try {
        const configured = { environments: config.environments.map((e) => e.name), bigPods: config.bigPods.map((b) => b.name) };
        await db.$transaction(async (tx) => {
          await assertLease(tx, token);
          await removeUnconfigured(tx, configured);
        });
        const states = (await readStates(db)).map((row) => row.state);
        const sources = (await readSources(db)).map((row) => row.source);
        await recordUnwatched(db, token, { states, sources });
        const current = await Promise.all(configured.environments.map(async (name) => ({ name, release: await readCurrentRelease(db, name) })));
        writer.begin({ states, sources });
        releases.begin();
        events.begin();
        drift.begin();
        for (const { name, release } of current) changes.begin(name, { states: states.filter((s) => s.environment === name), release });
        startedAt = clock.now().getTime();
        for (const { name } of current) {
          const view = opened.get(name) ?? views.observe(name);
          view.adopt(states);
          if (!opened.has(name)) {
            opened.set(name, view);
            view.onChange(() => look(view));
          }
          look(view);
        }
        timer ??= setInterval(tick, tickMs);
        log.info({ environments: configured.environments, epoch: String(token.epoch) }, "observing");
        return;
      } catch (error) {
        log.warn({ err: error }, "observing cannot begin yet");
        await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 100 * 2 ** attempt)));
      }
    }
  }

  function close(): void {
    clearInterval(timer);
    timer = undefined;
    for (const view of opened.values()) view.close();
    opened.clear();
  }

  return {
    lease,
    start: () => keeper.start(),
    async idle() {
      await starting;
      await writer.idle();
      await changes.idle();
      await releases.idle();
      await events.idle();
      await drift.idle();
    },
    async stop() {
      stopping.abort();
      await starting;
      close();
      await writer.stop(2_000);
      await Promise.race([Promise.all([changes.idle(), releases.idle(), events.idle(), drift.idle(), pruner.idle()]), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
      await keeper.stop();
    },
  };
}

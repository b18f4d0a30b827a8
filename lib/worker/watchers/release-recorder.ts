import type { Config } from "#lib/contracts/config.ts";
import type { ReleaseContent, SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { Database } from "#lib/db/client.ts";
import { publish } from "#lib/db/publish.ts";
import { markHealthy, readEnvironmentReleases, unsettleEnvironment } from "#lib/db/repositories/release.ts";
import { contentHash, isSettled, sealBigPod } from "#lib/domain/release.ts";
import type { RegistryApi } from "#lib/ports/registry.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { authorOf } from "#lib/worker/watchers/author.ts";
import type { Author } from "#lib/worker/watchers/author.ts";
import type { EnvironmentView } from "#lib/ports/environment-view.ts";
import type { ObservedView } from "#lib/worker/watchers/environment-view.ts";
import { recordSettled } from "#lib/worker/watchers/record-settled.ts";

const registryTimeoutMs = 2_000;
const healthyEveryMs = 60_000;
/** How long a first release waits for those of later environments, so that numbers grow from production back to development. */
const firstNumbersMs = 5_000;

export interface ReleaseRecorder {
  /** Looks whether the environment is settled and records what it runs. One look at a time per environment; a look during another is made up for. */
  look(view: ObservedView): void;
  /** Forgets what it believes to be stored (after taking the lease). */
  begin(): void;
  idle(): Promise<void>;
}

/** Everything that decides a release's content; while it is the same, nothing is sealed anew. */
function fingerprint(view: ObservedView, states: readonly BigPodState[]): string {
  const maps = [...view.configMaps()].map((m) => `${m.metadata.uid}@${m.metadata.resourceVersion}`).sort();
  return JSON.stringify([states.map((s) => [s.bigPod, s.workload, s.images.map((i) => i.digest)]), maps]);
}

/** The content of what runs now, or null when it is not settled. */
export function contentOf(environment: string, view: Pick<EnvironmentView, "workload" | "recordable" | "configMap">, states: readonly BigPodState[]): ReleaseContent | null {
  const bigPods: Record<string, SealedBigPod> = {};
  for (const state of states) {
    if (!isSettled(state)) return null;
    const workload = view.workload(state.bigPod);
    if (state.workload === null) continue;
    if (workload?.metadata.uid !== state.workload.uid || workload.metadata.generation !== state.workload.generation) return null;
    const recordable = view.recordable(state.bigPod);
    if (recordable === undefined) return null;
    bigPods[state.bigPod] = sealBigPod(recordable, state, (name) => view.configMap(name));
  }
  return Object.keys(bigPods).length === 0 ? null : { environment, bigPods };
}

/**
 * Records releases as they are seen: once every Big Pod of an environment has finished rolling out, its digests are known, its ConfigMaps can be read and no
 * operation is at work there (between two steps of a promotion an environment looks settled, but is half of something; one whose turn is still being
 * judged has not begun). Broken releases are recorded too.
 */
export function createReleaseRecorder(parts: { config: Config; db: Database; registry: RegistryApi; lease: () => LeaseToken | null; clock: Clock; log: Log; waitForLaterMs?: number }): ReleaseRecorder {
  const { config, db, registry, lease, clock, log, waitForLaterMs = firstNumbersMs } = parts;
  const recorded = new Map<string, { fingerprint: string; contentHash: string; settled: boolean; healthyAt: number }>();
  const failing = new Set<string>();
  const looking = new Map<string, { again: boolean; done: Promise<void> }>();

  let beganAt = clock.now().getTime();

  async function withSource(content: ReleaseContent): Promise<void> {
    const signal = AbortSignal.timeout(registryTimeoutMs);
    const images = Object.values(content.bigPods).flatMap((sealed) => sealed.images);
    await Promise.all(
      images.map(async (image) => {
        try {
          const found = await registry.inspect({ repository: image.repository, digest: image.digest }, signal);
          image.revision = found?.revision ?? null;
          image.source = found?.source ?? null;
        } catch (error) {
          log.debug({ repository: image.repository, err: error }, "the registry did not tell where an image comes from");
        }
      }),
    );
  }

  /** The author of the newest written workload stands for the release; an operation's author before all others. */
  async function authorOfRelease(view: ObservedView): Promise<Author> {
    const authors = await Promise.all(config.bigPods.flatMap((bigPod) => view.workload(bigPod.name) ?? []).map((workload) => authorOf(db, workload, ["f:spec"])));
    const newest = [...authors].sort((a, b) => (b.at ?? "").localeCompare(a.at ?? "") || Number(b.operationId !== null) - Number(a.operationId !== null))[0];
    return newest ?? { by: "unknown, not through Vigie", operationId: null, release: null, at: null };
  }

  async function unsettle(environment: string, token: LeaseToken): Promise<void> {
    const known = recorded.get(environment);
    if (known?.settled === false) return;
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      const position = await unsettleEnvironment(tx, environment);
      if (position !== null) await publish(tx, "release", environment, position);
    });
    recorded.set(environment, { fingerprint: "", contentHash: known?.contentHash ?? "", settled: false, healthyAt: 0 });
  }

  async function lookOnce(view: ObservedView): Promise<void> {
    const token = lease();
    const environment = view.environment.name;
    const states = config.bigPods.flatMap((bigPod) => view.state(bigPod.name) ?? []);
    if (token === null || !view.fresh() || states.length < config.bigPods.length || !view.configMapsKnown()) return;
    const print = fingerprint(view, states);
    const known = recorded.get(environment);
    const healthy = states.every((s) => s.status === "healthy" || s.workload === null);
    const content = known?.settled === true && known.fingerprint === print && states.every(isSettled) ? null : contentOf(environment, view, states);
    if (known?.settled === true && known.fingerprint === print && states.every(isSettled)) {
      if (healthy && clock.now().getTime() - known.healthyAt >= healthyEveryMs) {
        await db.$transaction(async (tx) => {
          await assertLease(tx, token);
          await markHealthy(tx, environment, known.contentHash, clock.now());
        });
        known.healthyAt = clock.now().getTime();
      }
      return;
    }
    if (content === null || (await db.operationRow.count({ where: { environment, status: "running", startedAt: { not: null } } })) > 0) return await unsettle(environment, token);
    const [before] = await readEnvironmentReleases(db, { environment });
    if (!before && clock.now().getTime() - beganAt < waitForLaterMs && (await laterIsUnrecorded(environment))) return;
    const hash = contentHash(content);
    const author = await authorOfRelease(view);
    const isNew = (await db.releaseRecord.count({ where: { environment, contentHash: hash } })) === 0;
    if (isNew) await withSource(content);
    const at = clock.now();
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      await recordSettled(tx, { content, author: author.by, operationId: author.operationId, preferredNumber: author.release, healthy, at });
    });
    recorded.set(environment, { fingerprint: print, contentHash: hash, settled: true, healthyAt: healthy ? at.getTime() : 0 });
  }

  async function laterIsUnrecorded(environment: string): Promise<boolean> {
    const later = config.environments.slice(config.environments.findIndex((one) => one.name === environment) + 1).map((one) => one.name);
    return (await db.environmentRelease.count({ where: { environment: { in: later } } })) < later.length;
  }

  return {
    begin() {
      recorded.clear();
      beganAt = clock.now().getTime();
    },
    look(view) {
      const environment = view.environment.name;
      const running = looking.get(environment);
      if (running) {
        running.again = true;
        return;
      }
      const entry = { again: false, done: Promise.resolve() };
      looking.set(environment, entry);
      entry.done = (async () => {
        do {
          entry.again = false;
          try {
            await lookOnce(view);
            failing.delete(environment);
          } catch (error) {
            // Looked at every second: an outage is told once.
            if (!(error instanceof LeaseLost) && !failing.has(environment)) log.warn({ environment, err: error }, "the release could not be recorded; it is tried at each next look");
            failing.add(environment);
          }
        } while (entry.again);
        looking.delete(environment);
      })();
    },
    async idle() {
      await Promise.all([...looking.values()].map((entry) => entry.done));
    },
  };
}

import type { Config } from "#lib/contracts/config.ts";
import type { Drift } from "#lib/contracts/drift.ts";
import type { Database } from "#lib/db/client.ts";
import { readApplied, readAppliedTimes, readDriftMarks, recordsOfBigPod, removeDrift, saveDrift } from "#lib/db/repositories/drift.ts";
import type { AppliedState, ObservedDrift } from "#lib/db/repositories/drift.ts";
import { contentDifferences, driftOf, isSteady, markOfSeen, seenOf } from "#lib/domain/drift.ts";
import { clean, templateOf } from "#lib/domain/fold-read.ts";
import { configMapNames } from "#lib/domain/release.ts";
import { plausibleTime } from "#lib/domain/difference-workload.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { authorOf } from "#lib/worker/watchers/author.ts";
import type { ObservedView } from "#lib/worker/watchers/environment-view.ts";

export interface DriftRecorder {
  /** Forgets what it believes to be stored (after taking the lease). */
  begin(): void;
  /** Compares what runs with what Vigie applied last. Call every second; a look during another is left out. */
  look(view: ObservedView): void;
  idle(): Promise<void>;
}

/**
 * Keeps what runs other than it was applied or adopted. Nothing is judged while an operation is at work in the environment, its objects are not in step, or a rollout is
 * under way: what was known of drift stands until then.
 */
export function createDriftRecorder(parts: { config: Config; db: Database; lease: () => LeaseToken | null; clock: Clock; log: Log }): DriftRecorder {
  const { config, db, lease, clock, log } = parts;
  const looking = new Map<string, Promise<void>>();
  const failing = new Set<string>();
  /** Per Big Pod: what its last certain verdict rested on, so that nothing is compared twice. */
  const judged = new Map<string, string>();

  /** Everything a verdict rests on; null while it cannot be told what runs. */
  function fingerprint(view: ObservedView, { bigPod, at }: { bigPod: string; at: Date }): string | null {
    const [workload, recordable, state] = [view.workload(bigPod), view.recordable(bigPod), view.state(bigPod)];
    if (workload === undefined || recordable === undefined || state === undefined || !isSteady(state, workload)) return null;
    const maps = configMapNames(templateOf(workload)).map((name) => [name, view.configMap(name)?.metadata.uid, view.configMap(name)?.metadata.resourceVersion]);
    return JSON.stringify([at, state.workload, state.images.map((image) => [image.reference, image.digest]), state.replicas.desired, view.autoscaled(bigPod), maps]);
  }

  async function judge(view: ObservedView, applied: AppliedState, known: { mark: string; since: Date } | undefined): Promise<ObservedDrift | "none" | "unsure"> {
    const { bigPod } = applied;
    const [workload, recordable, state] = [view.workload(bigPod), view.recordable(bigPod), view.state(bigPod)];
    if (workload === undefined || recordable === undefined || state === undefined || !isSteady(state, workload)) return "unsure";
    const seen = seenOf(recordable, state, (name) => view.configMap(name), view.autoscaled(bigPod));
    const differences = driftOf(applied, seen).map(clean);
    if (differences.length === 0) return "none";
    const mark = markOfSeen(seen);
    const map = contentDifferences({ template: {}, configMaps: applied.content?.configMaps ?? [] }, { template: {}, configMaps: seen.content.configMaps }).map((line) => view.configMap(line.slice(0, line.indexOf(":")))).find((object) => object !== undefined);
    const inTemplate = applied.content !== null && contentDifferences({ template: applied.content.template, configMaps: [] }, { template: seen.content.template, configMaps: [] }).length > 0;
    const author = inTemplate || map === undefined ? await authorOf(db, workload, ["f:spec"]) : await authorOf(db, map as ClusterObject, ["f:data", "f:binaryData"]);
    const since = known?.since ?? plausibleTime(author.at, applied.at, clock.now());
    return { bigPod, since, by: clean(author.by), differences, mark, observed: seen, back: await wayBack(view.environment.name, applied, seen.content) };
  }

  /** The newest release that holds what is wanted; where only the number of pods differs, that number. */
  async function wayBack(environment: string, applied: AppliedState, seen: ObservedDrift["observed"]["content"]): Promise<Drift["back"]> {
    const { content, replicas } = applied;
    if (content === null || contentDifferences(content, seen).length === 0) return replicas === null ? null : { kind: "scale", replicas };
    const found = (await recordsOfBigPod(db, environment, applied.bigPod)).find(({ sealed }) => contentDifferences(content, sealed).length === 0);
    return found === undefined ? null : { kind: "rollback", release: found.release };
  }

  async function lookOnce(view: ObservedView): Promise<void> {
    const token = lease();
    const environment = view.environment.name;
    if (token === null || !view.fresh() || !view.configMapsKnown()) return;
    const due = (await readAppliedTimes(db, environment)).flatMap(({ bigPod, at }) => {
      const print = config.bigPods.some((one) => one.name === bigPod) ? fingerprint(view, { bigPod, at }) : null;
      return print === null || judged.get(`${environment}/${bigPod}`) === print ? [] : [{ bigPod, print }];
    });
    if (due.length === 0 || (await db.operationRow.count({ where: { environment, status: "running", startedAt: { not: null } } })) > 0) return;
    const known = await readDriftMarks(db, environment);
    for (const one of await readApplied(db, environment, due.map(({ bigPod }) => bigPod))) {
      const print = due.find(({ bigPod }) => bigPod === one.bigPod)?.print ?? "";
      const before = known.get(one.bigPod);
      const found = await judge(view, one, before);
      if (found === "unsure") continue;
      const news = found === "none" ? before !== undefined : before?.mark !== found.mark;
      if (news) {
        await db.$transaction(async (tx) => {
          await assertLease(tx, token);
          // An operation may have ended, or somebody adopted it, since it was read.
          const still = (await readAppliedTimes(tx, environment)).find(({ bigPod }) => bigPod === one.bigPod);
          if (still?.at.getTime() !== one.at.getTime()) return;
          if (found === "none") await removeDrift(tx, environment, one.bigPod);
          else await saveDrift(tx, environment, found);
        });
      }
      judged.set(`${environment}/${one.bigPod}`, print);
    }
  }

  return {
    begin: () => judged.clear(),
    look(view) {
      const environment = view.environment.name;
      if (looking.has(environment)) return;
      const done = lookOnce(view)
        .then(() => void failing.delete(environment))
        .catch((error: unknown) => {
          if (!(error instanceof LeaseLost) && !failing.has(environment)) log.warn({ environment, err: error }, "whether it has drifted could not be looked at; it is tried each second");
          failing.add(environment);
        })
        .finally(() => void looking.delete(environment));
      looking.set(environment, done);
    },
    async idle() {
      await Promise.all(looking.values());
    },
  };
}

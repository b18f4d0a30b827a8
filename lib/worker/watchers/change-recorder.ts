import type { Config } from "#lib/contracts/config.ts";
import type { BigPodState, Change } from "#lib/contracts/state.ts";
import type { Release } from "#lib/contracts/release.ts";
import type { Database } from "#lib/db/client.ts";
import { nextPosition, publish } from "#lib/db/publish.ts";
import { addChange, hasChange } from "#lib/db/repositories/change.ts";
import { colourNames, isBlueGreen, selectorOf } from "#lib/domain/colour.ts";
import { configKeys, markOf, markOfState, plausibleTime, selectorChange, workloadChanges } from "#lib/domain/difference-workload.ts";
import type { WorkloadMark } from "#lib/domain/difference-workload.ts";
import { clean, templateOf } from "#lib/domain/fold-read.ts";
import { configMapContent, configMapNames } from "#lib/domain/release.ts";
import { selects, templateLabels } from "#lib/domain/surroundings.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { authorOf } from "#lib/worker/watchers/author.ts";
import type { ObservedView } from "#lib/worker/watchers/environment-view.ts";

interface ConfigMark {
  uid: string;
  resourceVersion: string;
  content: ReturnType<typeof configMapContent>;
  seenAt: Date;
}

interface ServiceMark {
  resourceVersion: string;
  selector: Record<string, string>;
  seenAt: Date;
}

interface Draft {
  /** `at`: when it was seen. */
  change: Omit<Change, "by" | "operationId" | "release">;
  /** When its object was seen as it was before; null: not known. */
  after: Date | null;
  object: ClusterObject;
  owned: readonly string[];
}

export interface ChangeRecorder {
  /** What was known when the last worker looked. */
  begin(environment: string, stored: { states: readonly BigPodState[]; release: Release | null }): void;
  /** Compares the view with what was known and queues what changed. */
  look(view: ObservedView): void;
  /** Resolves when everything queued is written or given up. */
  idle(): Promise<void>;
}

/**
 * Tells what altered an environment, also outside Vigie: rollouts, scalings, restarts, edits of ConfigMaps that a Big Pod reads and of the selectors of its Services, with
 * who did it and when, by the object's managedFields.
 * Ids follow from the object's uid and generation (ConfigMaps, Services: resourceVersion), so that two workers, or one before and after a restart, tell it once.
 */
export function createChangeRecorder(parts: { config: Config; db: Database; lease: () => LeaseToken | null; clock: Clock; log: Log }): ChangeRecorder {
  const { config, db, lease, clock, log } = parts;
  const workloads = new Map<string, WorkloadMark>();
  const maps = new Map<string, ConfigMark | { content: ConfigMark["content"] }>();
  const services = new Map<string, ServiceMark>();
  let queue: Promise<void> = Promise.resolve();

  const titleOf = (name: string): string => config.bigPods.find((b) => b.name === name)?.title ?? name;

  async function record(draft: Draft): Promise<void> {
    const token = lease();
    if (token === null || (await hasChange(db, draft.change.id))) return;
    const author = await authorOf(db, draft.object, draft.owned);
    const at = plausibleTime(author.at, draft.after, new Date(draft.change.at)).toISOString();
    const change: Change = { ...draft.change, at, by: clean(author.by), operationId: author.operationId, release: author.release };
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      // Told even if another worker was quicker by a moment: a position that is taken is one that readers wait for.
      const position = await nextPosition(tx);
      await addChange(tx, change, position);
      await publish(tx, "change", change.id, position);
    });
  }

  /** A change is worth waiting for the database: it is tried again until it is written or the lease is lost. */
  async function persist(draft: Draft): Promise<void> {
    for (let attempt = 0; lease() !== null; attempt += 1) {
      try {
        return await record(draft);
      } catch (error) {
        if (error instanceof LeaseLost || attempt >= 60) {
          log.warn({ change: draft.change.id, err: error }, "a change was not recorded");
          return;
        }
        if (attempt === 0) log.warn({ change: draft.change.id, err: error }, "a change cannot be recorded yet; it is tried again");
        await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 100 * 2 ** attempt)));
      }
    }
  }

  function enqueue(draft: Draft): void {
    queue = queue.then(() => persist(draft));
  }

  function lookAtWorkload(view: ObservedView, bigPod: string): void {
    const workload = view.workload(bigPod);
    const state = view.state(bigPod);
    if (!workload || !state) return;
    const key = `${view.environment.name}/${bigPod}`;
    const before = workloads.get(key);
    if (before?.uid === workload.metadata.uid && before.generation === workload.metadata.generation && before.template !== null) return;
    const now = clock.now();
    const after = markOf(workload, state.version, now);
    workloads.set(key, after);
    if (!before) return;
    workloadChanges(before, after).forEach((found, index) =>
      enqueue({
        change: {
          id: `${view.environment.name}/${workload.metadata.uid}/${after.generation}${index === 0 ? "" : `/${index}`}`,
          environment: view.environment.name,
          bigPod,
          kind: found.kind,
          at: now.toISOString(),
          summary: clean(`${titleOf(bigPod)} ${found.what}`),
        },
        // Another colour serves because somebody wrote the Service, not the Deployment.
        object: (before.name === after.name ? undefined : serving(view, bigPod)) ?? workload,
        owned: ["f:spec"],
        after: new Date(before.at),
      }),
    );
  }

  function serving(view: ObservedView, bigPod: string): ClusterObject | undefined {
    const configured = config.bigPods.find((candidate) => candidate.name === bigPod);
    return configured === undefined ? undefined : view.service(colourNames(configured).service);
  }

  function lookAtConfigMaps(view: ObservedView): void {
    if (!view.configMapsKnown()) return;
    const readers = new Map<string, string[]>();
    for (const bigPod of config.bigPods) {
      const workload = view.workload(bigPod.name);
      if (workload) for (const name of configMapNames(templateOf(workload))) readers.set(name, [...(readers.get(name) ?? []), bigPod.name]);
    }
    for (const object of view.configMaps()) {
      const bigPods = readers.get(object.metadata.name);
      if (!bigPods) continue;
      const key = `${view.environment.name}/${object.metadata.name}`;
      const before = maps.get(key);
      if (before && "resourceVersion" in before && before.uid === object.metadata.uid && before.resourceVersion === object.metadata.resourceVersion) continue;
      const content = configMapContent(object);
      maps.set(key, { uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion, content, seenAt: clock.now() });
      if (!before) continue;
      const keys = [...configKeys(before.content.data, content.data), ...configKeys(before.content.binaryData, content.binaryData)];
      if (keys.length === 0) continue;
      const shown = keys.length > 4 ? `${keys.slice(0, 4).join(", ")} and ${keys.length - 4} more` : keys.join(", ");
      enqueue({
        change: {
          id: `${view.environment.name}/${object.metadata.uid}/${object.metadata.resourceVersion}`,
          environment: view.environment.name,
          bigPod: bigPods.length === 1 ? (bigPods[0] ?? null) : null,
          kind: "config",
          at: clock.now().toISOString(),
          summary: clean(`${object.metadata.name}: ${shown}`),
        },
        object,
        owned: ["f:data", "f:binaryData"],
        after: "seenAt" in before ? before.seenAt : null,
      });
    }
  }

  function lookAtServices(view: ObservedView): void {
    for (const service of view.services() ?? []) {
      const { name, uid, resourceVersion } = service.metadata;
      const key = `${view.environment.name}/${name}`;
      const before = services.get(key);
      if (before?.resourceVersion === resourceVersion) continue;
      const now = clock.now();
      const selector = selectorOf(service);
      services.set(key, { resourceVersion, selector, seenAt: now });
      if (!before) continue;
      for (const bigPod of config.bigPods) {
        const workload = view.workload(bigPod.name);
        const labels = workload === undefined ? {} : templateLabels(workload);
        if (!selects(before.selector, labels) && !selects(selector, labels)) continue;
        const names = isBlueGreen(view.environment) ? colourNames(bigPod) : null;
        const what = selectorChange(name, before.selector, selector, names !== null && [names.service, names.previewService].includes(name) ? names.label : null);
        if (what === null) continue;
        enqueue({
          change: { id: `${view.environment.name}/${uid}/${resourceVersion}/${bigPod.name}`, environment: view.environment.name, bigPod: bigPod.name, kind: "selector", at: now.toISOString(), summary: clean(`${titleOf(bigPod.name)}: ${what}`) },
          object: service,
          owned: ["f:spec"],
          after: before.seenAt,
        });
      }
    }
  }

  return {
    begin(environment, stored) {
      for (const key of workloads.keys()) if (key.startsWith(`${environment}/`)) workloads.delete(key);
      for (const key of services.keys()) if (key.startsWith(`${environment}/`)) services.delete(key);
      for (const key of maps.keys()) if (key.startsWith(`${environment}/`)) maps.delete(key);
      for (const state of stored.states) {
        const mark = markOfState(state);
        if (mark && state.environment === environment) workloads.set(`${environment}/${state.bigPod}`, mark);
      }
      for (const sealed of Object.values(stored.release?.content.bigPods ?? {})) {
        for (const content of sealed.configMaps) maps.set(`${environment}/${content.name}`, { content });
      }
    },
    look(view) {
      for (const bigPod of config.bigPods) lookAtWorkload(view, bigPod.name);
      lookAtConfigMaps(view);
      lookAtServices(view);
    },
    idle: () => queue,
  };
}

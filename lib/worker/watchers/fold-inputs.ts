import type { BigPodConfig } from "#lib/contracts/config.ts";
import { withLastLines } from "#lib/domain/fold-last-line.ts";
import { readEvent } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, RawObject } from "#lib/domain/fold-read.ts";
import { sameJson } from "#lib/domain/fold-rollout.ts";
import type { HealthInput } from "#lib/domain/health.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { Watcher } from "#lib/worker/watchers/watching.ts";

/** What one Big Pod's state is folded from, found by owner, so that a change of one pod costs the fold of one Big Pod. */
export interface FoldInputs {
  deployments: RawObject[];
  replicaSets: RawObject[];
  pods: RawObject[];
  events: ReadonlyMap<string, readonly ClusterEvent[]>;
  /** Everything above and the health of its pods: the same inputs make the same state but for the passing of time. */
  seen: readonly unknown[];
}

/** Events are written once and read at every fold. */
const parsed = new WeakMap<ClusterObject, ClusterEvent>();
function eventOf(object: ClusterObject): ClusterEvent {
  const known = parsed.get(object) ?? readEvent(object);
  parsed.set(object, known);
  return known;
}

function group<T>(values: Iterable<T>, keyOf: (value: T) => string): Map<string, T[]> {
  const grouped = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const same = grouped.get(key);
    if (same === undefined) grouped.set(key, [value]);
    else same.push(value);
  }
  return grouped;
}

type Owned = Pick<Watcher, "ownedBy">;

export interface Observed {
  deployments: Iterable<ClusterObject>;
  replicaSets: Owned;
  pods: Owned;
  events: Iterable<ClusterObject>;
  lastLines: ReadonlyMap<string, string>;
  health: HealthInput;
}

/** Hands out each Big Pod's own part of all that was observed of an environment. */
export function foldInputs(observed: Observed): (bigPod: BigPodConfig) => FoldInputs {
  const deployments = group(observed.deployments, ({ metadata }) => metadata.name);
  const events = group([...observed.events].map(eventOf), ({ uid }) => uid);
  const { health, lastLines } = observed;

  return ({ workload }) => {
    const named = deployments.get(workload.name) ?? [];
    const replicaSets = named.flatMap(({ metadata }) => [...observed.replicaSets.ownedBy(metadata.uid)]);
    const found = replicaSets.flatMap(({ metadata }) => [...observed.pods.ownedBy(metadata.uid)]);
    const owned = lastLines.size === 0 ? found : found.map((pod) => withLastLines(pod, lastLines));
    const all = [...named, ...replicaSets, ...owned];
    const about = all.flatMap(({ metadata }) => events.get(metadata.uid) ?? []);
    return { deployments: named, replicaSets, pods: owned, events, seen: [health.status, health.reason, ...all, ...about, ...owned.flatMap(({ metadata }) => [health.byPod.get(metadata.uid)?.services, health.metrics?.byPod.get(metadata.name)])] };
  };
}

const briefs = new WeakMap<RawObject, object>();

/** An object without its version, to be compared by its contents: of a node every list of images is a new version, and nothing that the rules read. */
export function unversioned(object: RawObject & { metadata: { resourceVersion?: string } }): object {
  const known = briefs.get(object);
  if (known !== undefined) return known;
  const { metadata: { resourceVersion: _version, managedFields: _managers, ...identity }, ...rest } = object;
  const made = { identity, ...rest };
  briefs.set(object, made);
  return made;
}

/** Whether a fold of both gives the same but for the passing of time. */
export function sameInputs(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index] || (isPlain(one) && sameJson(one, b[index])));
}

/** Objects of the cluster are told apart by identity; what pods answer is made anew at each answer, and small. */
function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && !("metadata" in value);
}

import type { PlanChange, PlanTarget } from "#lib/contracts/operation.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState, RunningImage } from "#lib/contracts/state.ts";
import { currentReference } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

/** What the rules make of a request: what would be done to each Big Pod, before gates, hash and times are added. */
export interface PlanDraft {
  title: string;
  from: string | null;
  release: number | null;
  changes: PlanChange[];
  targets: PlanTarget[];
  suggestedReason: string;
  notUndone: string[];
}

export type Workload = NonNullable<BigPodState["workload"]>;

/**
 * A target as the plan knows it. `before` comes from the release record while the environment is settled and is empty otherwise:
 * the executor reads it from the cluster at its first step, and the binding to uid and generation makes sure that it is the same.
 */
export function planTarget(bigPod: string, state: BigPodState, workload: Workload, recorded: SealedBigPod | undefined, write: PlanTarget["write"]): PlanTarget {
  return {
    bigPod,
    workload: { name: workload.name, uid: workload.uid, generation: workload.generation },
    before: { template: recorded?.template ?? {}, configMaps: recorded?.configMaps ?? [], replicas: state.replicas.desired },
    write,
    colour: null,
  };
}

export function unchanged(bigPod: string, how: string): PlanChange {
  return { bigPod, effect: "unchanged", images: [], config: [], template: [], replicas: null, how };
}

/** The record's content of a Big Pod, only while the environment is settled on it. */
export function settledRecord(facts: EnvironmentFacts, bigPod: string): SealedBigPod | undefined {
  return facts.release?.settled === true ? facts.recorded.get(bigPod) : undefined;
}

export interface WantedImage {
  container: string;
  reference: string;
  tag: string | null;
}

/** The change of one container's image as people read it. */
export function imageChange(now: RunningImage | undefined, wanted: WantedImage): PlanChange["images"][number] {
  return { container: wanted.container, from: now === undefined ? "none" : currentReference(now), to: wanted.reference, fromVersion: now?.tag ?? null, toVersion: wanted.tag };
}

export function pods(count: number): string {
  return count === 1 ? "1 pod" : `${count} pods`;
}

/** "v2.2.1 → v2.3.0" of the first image that changes, for a suggested reason. */
export function versionStep(change: PlanChange): string {
  const image = change.images[0];
  return image === undefined || image.toVersion === null ? change.bigPod : `${change.bigPod} ${image.fromVersion ?? "?"} → ${image.toVersion}`;
}

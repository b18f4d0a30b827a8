import type { SealedBigPod } from "#lib/contracts/release.ts";
import { sourceSentence } from "#lib/domain/fold-blind.ts";
import type { BigPodState, RunningImage, SourceState } from "#lib/contracts/state.ts";

/** What is known of one environment when a plan is made: all of it was read from the database in one go. */
export interface EnvironmentFacts {
  name: string;
  /** Release recorded last. `settled` false: what runs differs from it. Null: nothing was ever recorded there. */
  release: { number: number; contentHash: string; settled: boolean } | null;
  /** Contents of that record by Big Pod. */
  recorded: ReadonlyMap<string, SealedBigPod>;
  states: ReadonlyMap<string, BigPodState>;
  sources: readonly SourceState[];
  /** Database time of the observing worker's newest sign of life; null when none ever ran. */
  workerSeenAt: Date | null;
  /** Database time of the reading. */
  now: Date;
}

/** An operation that has the environment to itself, or is next to. */
export interface ActiveOperation {
  id: string;
  kind: string;
  title: string;
  actor: string;
  status: string;
  requestedAt: Date;
  /** Null: not yet, or not known. */
  startedAt?: Date | null;
  /** It is being stopped and returned. */
  abortRequested?: boolean;
  /** How many more stand in the queue behind it, and so before a new one. */
  behind?: number;
  /** Until all of these are done, in seconds; null when there is too little history. */
  remaining?: { seconds: number; lowSeconds: number; highSeconds: number } | null;
}

/** A worker that was silent for longer than this is not watching (the limit of DESIGN, "never falsely green"). */
export const silentWorkerMs = 5_000;

export type Visibility = { seen: true; state: BigPodState } | { seen: false; verdict: "inconclusive" | "error"; sentence: string };

/** Whether what the database says about a Big Pod is what the cluster says now. A stored state says nothing once nobody watches. */
export function visibility(facts: EnvironmentFacts, bigPod: string): Visibility {
  const { now, workerSeenAt } = facts;
  if (workerSeenAt === null) return { seen: false, verdict: "error", sentence: `nothing watches ${facts.name}: no worker has run yet` };
  const silentMs = now.getTime() - workerSeenAt.getTime();
  if (silentMs > silentWorkerMs) return { seen: false, verdict: "error", sentence: `nothing watches ${facts.name}: the worker was last heard of ${Math.round(silentMs / 1000)} s ago` };
  const state = facts.states.get(bigPod);
  if (state === undefined) return { seen: false, verdict: "error", sentence: `nothing is known of ${bigPod} in ${facts.name} yet` };
  for (const key of state.sources) {
    const source = facts.sources.find((candidate) => candidate.key === key);
    if (source === undefined || !source.required || source.status === "live") continue;
    return { seen: false, verdict: "inconclusive", sentence: sourceSentence(source).replace(/[.]$/, "") };
  }
  return { seen: true, state };
}

/** Digest of what runs in a container: what its pods report, else what the template pins. */
export function digestOf(image: RunningImage): string | null {
  return image.digest ?? /@(sha256:[0-9a-f]{64})$/.exec(image.reference)?.[1] ?? null;
}

/** "repo:tag@sha256:…": what is written to a template, so that a moved tag changes nothing. */
export function pinnedReference(image: { repository: string; tag: string | null; digest: string }): string {
  return `${image.repository}${image.tag === null ? "" : `:${image.tag}`}@${image.digest}`;
}

/** What a container runs now, pinned where its digest is known. */
export function currentReference(image: RunningImage): string {
  const digest = digestOf(image);
  return digest === null ? image.reference : pinnedReference({ ...image, digest });
}

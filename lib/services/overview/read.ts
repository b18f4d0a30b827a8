import type { Actor } from "#lib/contracts/actor.ts";
import type { ApiState } from "#lib/contracts/api.ts";
import type { PlatformSnapshot, SourceState } from "#lib/contracts/state.ts";
import { displayedState } from "#lib/domain/freshness.ts";
import { worstHealth } from "#lib/domain/status.ts";
import type { SourceStatus } from "#lib/domain/status.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readSnapshot } from "#lib/services/state/read.ts";

/** The platform for programs (GET /api/v1/state): the same snapshot that the screen gets, with the same overlay of freshness. Throws VigieError "denied". */
export async function readOverview(context: ServiceContext, actor: Actor): Promise<ApiState> {
  return overviewOf(await readSnapshot(context, actor));
}

/** Worst first. A source that cannot be had at all is worse than one that is late. */
const sourceOrder: readonly SourceStatus[] = ["down", "forbidden", "stale", "connecting", "unsupported", "live"];

export function overviewOf(snapshot: PlatformSnapshot): ApiState {
  const now = new Date(snapshot.now);
  return {
    platform: snapshot.platform,
    now: snapshot.now,
    workerSeenAt: snapshot.workerSeenAt,
    environments: snapshot.environments.map(({ name, title }) => {
      const release = snapshot.releases.find((candidate) => candidate.environment === name);
      const label = release === undefined ? null : `R-${release.release}`;
      const bigPods = snapshot.bigPods.map((bigPod) => bigPodOf(snapshot, name, bigPod.name, label, now));
      return { name, title, status: worstHealth(bigPods.map((bigPod) => bigPod.status)), release: label, releaseSettled: release?.settled ?? null, bigPods, source: sourceOf(snapshot, name) };
    }),
  };
}

function bigPodOf(snapshot: PlatformSnapshot, environment: string, name: string, release: string | null, now: Date): ApiState["environments"][number]["bigPods"][number] {
  const stored = snapshot.states.find((state) => state.environment === environment && state.bigPod === name);
  if (stored === undefined) {
    return { name, status: "unknown", cause: "It was not looked at yet.", release, version: null, since: snapshot.now, replicas: null, rollout: null, images: [], services: [], restarts: 0, observedAt: null };
  }
  const { status, cause, version, since, replicas, rollout, images, services, restarts, observedAt } = displayedState(stored, snapshot.sources, snapshot.workerSeenAt, now);
  return { name, status, cause, release, version, since, replicas, rollout, images, services, restarts, observedAt };
}

/** The worst of the sources that tiles of this environment rest on; extra knowledge (not required) is listed but decides nothing. */
function sourceOf(snapshot: PlatformSnapshot, environment: string): ApiState["environments"][number]["source"] {
  const used = new Set(snapshot.states.filter((state) => state.environment === environment).flatMap((state) => state.sources));
  const sources = snapshot.sources.filter((source) => source.environment === environment || used.has(source.key));
  const worst = sources.filter((source) => source.required).reduce<SourceState | null>((found, source) => (found === null || sourceOrder.indexOf(source.status) < sourceOrder.indexOf(found.status) ? source : found), null);
  return { state: worst?.status ?? "connecting", since: worst?.since ?? null, reason: worst === null ? "No source was opened yet: is a worker running?" : worst.reason, sources };
}

import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { BigPodState, SourceState } from "#lib/contracts/state.ts";
import { servicesOverPods } from "#lib/domain/fold-services.ts";

/** Why a required source gives nothing, in one sentence. */
export function sourceSentence(source: Pick<SourceState, "title" | "status" | "reason">): string {
  const why = source.reason === null ? "" : `: ${source.reason}`;
  switch (source.status) {
    case "connecting":
      return `${source.title}: connecting${why}`;
    case "live":
      return `${source.title}: live`;
    case "stale":
      return `${source.title}: no news${why}`;
    case "forbidden":
      return `${source.title} may not be read${why}`;
    case "unsupported":
      return `${source.title} is not served by this cluster${why}`;
    case "down":
      // Not every reason is about reaching it: refused credentials come over a good connection.
      return `${source.title} cannot be read${why}`;
  }
}

/** The state of a Big Pod that was never seen because a required source gives nothing: unknown, and why. */
export function blindState(environment: string, bigPod: BigPodConfig, source: SourceState, sources: readonly string[], now: Date): BigPodState {
  return {
    environment, bigPod: bigPod.name, status: "unknown", cause: sourceSentence(source), causeKind: "source", remedy: source.status === "forbidden" ? "Give Vigie's account the right to read it." : "Look at the source itself.",
    evidence: [{ kind: "status", text: sourceSentence(source), at: source.since, on: source.title }],
    since: source.since, version: null, images: [],
    replicas: { desired: 0, updated: 0, ready: 0, available: 0, total: 0 },
    rollout: null, services: servicesOverPods(bigPod, [], "cannot be seen"), pods: [], restarts: 0, workload: null, colour: null,
    sources: [...sources], observedAt: now.toISOString(),
  };
}

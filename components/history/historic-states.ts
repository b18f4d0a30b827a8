import type { History } from "#lib/contracts/history.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";

/** States of a moment in the shape the pipeline draws. What is not kept of the past (pods, images, evidence) is empty, and nothing of it is shown. */
export function historicStates(history: Pick<History, "at" | "states">): DisplayedState[] {
  return history.states.map((state) => ({
    ...state,
    services: state.services.map((service) => ({ ...service, kind: "process", restarts: 0 })),
    evidence: [],
    images: [],
    pods: [],
    restarts: 0,
    workload: null,
    colour: null,
    sources: [],
    observedAt: history.at,
    stale: null,
  }));
}

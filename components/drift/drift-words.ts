import type { Drift } from "#lib/contracts/drift.ts";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { Refusal } from "#components/query/permissions.tsx";

export interface ReturnAction {
  request: PlanRequest;
  title: string;
  disabledBecause: string | null;
}

/** "auth v1.5.1 → v1.6.0 and 2 more": for a tile. */
export function driftShort({ differences }: Drift): string {
  const rest = differences.length - 1;
  return `${differences[0] ?? "something differs"}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** What is wanted, and since when it is: "Rafael (promotion)", "adopted by Ada". */
export function wantedBy({ wanted }: Drift): string {
  return wanted.adopted ? `adopted by ${wanted.by}` : wanted.by;
}

/** The button that leads back to what is wanted, through an ordinary plan; null when no release holds it. */
export function returnAction(environment: string, drift: Drift, title: string, refused: Refusal): ReturnAction | null {
  const { back, bigPod } = drift;
  if (back === null) return null;
  if (back.kind === "scale") {
    return {
      request: { kind: "scale", environment, bigPod, replicas: back.replicas },
      title: `Return ${title} in ${environment} to ${back.replicas === 1 ? "1 pod" : `${back.replicas} pods`}`,
      disabledBecause: refused("operation.request.scale", environment, `Scaling in ${environment}`),
    };
  }
  return {
    request: { kind: "rollback", environment, release: back.release, bigPods: [bigPod] },
    title: `Return ${title} in ${environment} to R-${back.release}`,
    disabledBecause: refused("operation.request.rollback", environment, `Rolling back ${environment}`),
  };
}

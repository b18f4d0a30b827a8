import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { EnvironmentRelease } from "#lib/contracts/state.ts";
import type { Remedy } from "#lib/domain/problems.ts";
import { previousRelease } from "#components/query/trail.ts";
import type { Trails } from "#components/query/trail.ts";
import type { Refusal } from "#components/query/permissions.tsx";

export interface RemedyAction {
  request: PlanRequest;
  title: string;
  danger: boolean;
  disabledBecause: string | null;
}

interface Known {
  releases: readonly EnvironmentRelease[];
  trails: Trails;
  titleOf: (bigPod: string) => string;
  refused: Refusal;
}

/** The button a remedy stands for; null when no button helps. A rollback without an earlier release becomes none. */
export function remedyAction(remedy: Remedy, { releases, trails, titleOf, refused }: Known): RemedyAction | null {
  switch (remedy.kind) {
    case "by-hand":
      return null;
    case "restart":
      return {
        request: { kind: "restart", environment: remedy.environment, bigPods: [remedy.bigPod] },
        title: `Restart ${titleOf(remedy.bigPod)} in ${remedy.environment}`,
        danger: false,
        disabledBecause: refused("operation.request.restart", remedy.environment, `Restarting in ${remedy.environment}`),
      };
    case "scale":
      return {
        request: { kind: "scale", environment: remedy.environment, bigPod: remedy.bigPod, replicas: 1 },
        title: `Scale ${titleOf(remedy.bigPod)} in ${remedy.environment} to 1`,
        danger: false,
        disabledBecause: refused("operation.request.scale", remedy.environment, `Scaling in ${remedy.environment}`),
      };
    case "lift-isolation":
      return {
        request: { kind: "lift-isolation", environment: remedy.environment, bigPod: remedy.bigPod },
        title: `Lift the isolation of ${titleOf(remedy.bigPod)} in ${remedy.environment}`,
        danger: false,
        disabledBecause: refused("operation.request.lift-isolation", remedy.environment, `Lifting an isolation in ${remedy.environment}`),
      };
    case "rollback": {
      const release = rollbackTarget(remedy.environment, releases, trails);
      if (release === null) return null;
      return {
        request: { kind: "rollback", environment: remedy.environment, release },
        title: `Roll back ${remedy.environment} to R-${release}`,
        danger: true,
        disabledBecause: refused("operation.request.rollback", remedy.environment, `Rolling back ${remedy.environment}`),
      };
    }
  }
}

/** The recorded release itself, when what runs is not (yet) it: an unsettled change goes back to what was there before. */
export function rollbackTarget(environment: string, releases: readonly EnvironmentRelease[], trails: Trails): number | null {
  const current = releases.find((known) => known.environment === environment);
  if (!current) return null;
  if (!current.settled) return current.release;
  return previousRelease(trails[environment] ?? [], current.release);
}

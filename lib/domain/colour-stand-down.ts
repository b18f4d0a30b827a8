import type { Plan, PlanChange, PlanTarget } from "#lib/contracts/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { otherColour } from "#lib/domain/colour.ts";
import { listed } from "#lib/domain/gate.ts";
import { pods } from "#lib/domain/plan-draft.ts";

/**
 * What is to be scaled down after a switch: of its targets those whose old colour is still idle, still kept, and over its time. A switch since, by Vigie or
 * by hand, has made it serve again or has begun another time to keep it, so nothing is left to do here.
 */
export function standDownTargets(switched: readonly PlanTarget[], states: ReadonlyMap<string, BigPodState>, now: Date): PlanTarget[] {
  return switched.flatMap((target): PlanTarget[] => {
    const state = states.get(target.bigPod);
    const [then, colour] = [target.colour, state?.colour];
    if (then === null || target.write.effect === "stand-down" || state?.workload == null || colour?.parts === undefined || colour === null) return [];
    const { standby, parts } = colour;
    if (colour.active !== otherColour(then.active) || parts.idle.uid !== then.activeWorkload.uid || standby.replicas === 0) return [];
    if (standby.until !== null && new Date(standby.until) > now) return [];
    return [
      {
        bigPod: target.bigPod,
        workload: { name: standby.workload, uid: parts.idle.uid, generation: parts.idle.generation },
        before: { template: {}, configMaps: [], replicas: standby.replicas },
        write: { effect: "stand-down" },
        colour: {
          label: parts.label,
          active: colour.active,
          activeWorkload: { name: state.workload.name, uid: state.workload.uid, generation: state.workload.generation },
          service: parts.service,
          previewService: parts.previewService,
          autoscalers: parts.autoscalers,
          replicas: state.replicas.desired,
          standbyMinutes: then.standbyMinutes,
        },
      },
    ];
  });
}

/** The plan of a stand-down. Nobody is shown it before: it promises nothing but to take away what is idle when its turn comes. */
export function standDownPlan(environment: string, targets: readonly PlanTarget[], release: number | null, hash: string, now: Date): Plan {
  const names = targets.map((target) => target.workload.name);
  const changes = targets.map(
    (target): PlanChange => ({ bigPod: target.bigPod, effect: "stand-down", images: [], config: [], template: [], replicas: { from: target.before.replicas, to: 0 }, how: `scales ${target.workload.name} from ${pods(target.before.replicas)} to none, if it is still idle then` }),
  );
  return {
    hash, kind: "stand-down", strategy: "blue-green", title: `Scale ${listed(names)} down in ${environment}`, environment, from: null, release: null, currentRelease: release, changes,
    gates: [], ready: true, start: { how: "now", waits: [] }, afterwards: [], breakGlassId: null,
    suggestedReason: `The time to keep ${listed(names)} for a quick rollback is over`,
    notUndone: ["A rollback has to bring the old colour up again: it takes a rollout, no longer one switch."],
    estimate: null, createdAt: now.toISOString(), expiresAt: now.toISOString(),
  };
}

import type { PlanChange, PlanTarget } from "#lib/contracts/operation.ts";
import { listed } from "#lib/domain/gate.ts";
import { planTarget, pods, settledRecord, unchanged } from "#lib/domain/plan-draft.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

/** A restart: new pods of the same template, one Big Pod after the other. */
export function draftRestart(target: EnvironmentFacts, chosen: readonly string[]): PlanDraft {
  const changes: PlanChange[] = [];
  const targets: PlanTarget[] = [];
  for (const bigPod of chosen) {
    const state = target.states.get(bigPod);
    if (state === undefined || state.workload === null) {
      changes.push(unchanged(bigPod, `not known in ${target.name}`));
      continue;
    }
    changes.push({ bigPod, effect: "restart", images: [], config: [], template: [], replicas: null, how: `${pods(state.replicas.desired)} replaced by new ones of the same template` });
    targets.push(planTarget(bigPod, state, state.workload, settledRecord(target, bigPod), { effect: "restart" }));
  }
  const causes = chosen.flatMap((bigPod) => target.states.get(bigPod)?.cause ?? []);
  return {
    title: `Restart ${listed(chosen)} in ${target.name}`,
    from: null,
    release: null,
    changes,
    targets,
    suggestedReason: causes[0] ?? `Restart ${listed(chosen)} in ${target.name}`,
    notUndone: ["Requests that the old pods are working on may be cut off when their grace period ends."],
  };
}

/** Scaling: another number of pods of the same template. */
export function draftScale(target: EnvironmentFacts, bigPod: string, replicas: number): PlanDraft {
  const state = target.states.get(bigPod);
  const title = `Scale ${bigPod} in ${target.name} to ${pods(replicas)}`;
  const notUndone = [`An autoscaler that manages ${bigPod} may change the number again.`];
  const none = { title, from: null, release: null, targets: [], suggestedReason: title, notUndone };
  if (state === undefined || state.workload === null) return { ...none, changes: [unchanged(bigPod, `not known in ${target.name}`)] };
  const { desired } = state.replicas;
  if (desired === replicas) return { ...none, changes: [unchanged(bigPod, `not touched: it already has ${pods(replicas)}`)] };
  return {
    ...none,
    changes: [{ bigPod, effect: "scale", images: [], config: [], template: [], replicas: { from: desired, to: replicas }, how: `${pods(desired)} → ${pods(replicas)}${replicas === 0 ? ": nothing will serve" : ""}` }],
    targets: [planTarget(bigPod, state, state.workload, settledRecord(target, bigPod), { effect: "scale", replicas })],
  };
}

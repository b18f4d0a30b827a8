import type { GateResult, PlanTarget } from "#lib/contracts/operation.ts";
import { gate, listed } from "#lib/domain/gate.ts";
import { isolationPolicyName, utcMinute } from "#lib/domain/isolation.ts";
import type { IsolationMark, IsolationWay } from "#lib/domain/isolation.ts";
import { planTarget, pods, settledRecord, unchanged } from "#lib/domain/plan-draft.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

const saved = "first its logs, pods, events and workload are saved";

/** "isolated by Rafael since 2026-11-21 14:02 UTC (network)" */
export function isolatedWords({ by, since, how }: IsolationMark): string {
  return `isolated by ${by} since ${utcMinute(since)} (${how === "network" ? "network" : "scaled to 0"})`;
}

/** Cutting a Big Pod off, by a NetworkPolicy or by taking its pods away; its evidence is saved before either. */
export function draftIsolate(target: EnvironmentFacts, bigPod: string, how: IsolationWay): PlanDraft {
  const state = target.states.get(bigPod);
  const title = how === "network" ? `Isolate ${bigPod} in ${target.name}: cut it off from the network` : `Isolate ${bigPod} in ${target.name}: scale it to 0`;
  const none = { title, from: null, release: null, targets: [], suggestedReason: state?.cause ?? title, notUndone: notUndone[how] };
  if (state === undefined || state.workload === null) return { ...none, changes: [unchanged(bigPod, `not known in ${target.name}`)] };
  if (state.isolation != null) return { ...none, changes: [unchanged(bigPod, `not touched: ${isolatedWords(state.isolation)} already`)] };
  const { desired } = state.replicas;
  if (desired === 0) return { ...none, changes: [unchanged(bigPod, "not touched: it has no pods that could be cut off")] };
  const policy = isolationPolicyName(state.workload.name);
  const sentence =
    how === "network"
      ? `${saved}; then NetworkPolicy ${policy} lets nothing in or out of its ${pods(desired)}, which go on running`
      : `${saved}; then ${pods(desired)} → none: nothing of it runs or serves any more`;
  return {
    ...none,
    changes: [{ bigPod, effect: "isolate", images: [], config: [], template: [], replicas: how === "network" ? null : { from: desired, to: 0 }, how: sentence }],
    targets: [loose(planTarget(bigPod, state, state.workload, settledRecord(target, bigPod), { effect: "isolate", how, policy }))],
  };
}

/** What is cut off is that workload whatever it runs by then: an autoscaler or a rollout that edits it in the same moment must not stand in the way. */
function loose(target: PlanTarget): PlanTarget {
  return { ...target, workload: { ...target.workload, generation: 0 } };
}

const notUndone: Record<IsolationWay, string[]> = {
  network: [
    "Where the cluster's network does not enforce NetworkPolicies nothing is cut (K3s enforces them), and connections that stand already may live on.",
    "Requests that are under way are lost.",
  ],
  "scale-to-zero": ["What the pods hold in memory and on disks of their own is lost: of it only the saved evidence remains."],
};

/** Giving a Big Pod back what its isolation took: its network, or its pods. */
export function draftLift(target: EnvironmentFacts, bigPod: string): PlanDraft {
  const state = target.states.get(bigPod);
  const title = `Lift the isolation of ${bigPod} in ${target.name}`;
  const none = { title, from: null, release: null, targets: [], suggestedReason: title, notUndone: ["What was cut off meanwhile is not made up for."] };
  if (state === undefined || state.workload === null) return { ...none, changes: [unchanged(bigPod, `not known in ${target.name}`)] };
  const isolation = state.isolation ?? null;
  if (isolation === null) return { ...none, changes: [unchanged(bigPod, "not touched: it is not isolated")] };
  const policy = isolationPolicyName(state.workload.name);
  const zero = isolation.how === "scale-to-zero";
  return {
    ...none,
    changes: [
      {
        bigPod, effect: "lift-isolation", images: [], config: [], template: [], replicas: zero ? { from: state.replicas.desired, to: isolation.replicas } : null,
        how: zero ? `${isolatedWords(isolation)}: it gets its ${pods(isolation.replicas)} back` : `${isolatedWords(isolation)}: NetworkPolicy ${policy} is taken away`,
      },
    ],
    targets: [loose(planTarget(bigPod, state, state.workload, settledRecord(target, bigPod), { effect: "lift-isolation", policy, isolation }))],
  };
}

/** What would act on Big Pods that are cut off: no gate when none is. `only`: the way of isolating that is in the way; both when left out. */
export function notIsolated(target: EnvironmentFacts, bigPods: readonly string[], only?: IsolationWay): GateResult[] {
  const cut = bigPods.flatMap((bigPod) => {
    const isolation = target.states.get(bigPod)?.isolation ?? null;
    return isolation === null || (only !== undefined && isolation.how !== only) ? [] : [{ bigPod, isolation }];
  });
  const [first] = cut;
  if (first === undefined) return [];
  return [gate("not-isolated", "fail", `${listed(cut.map(({ bigPod }) => bigPod))} in ${target.name} is ${isolatedWords(first.isolation)}: lift the isolation first`, target.now)];
}

import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import type { StepDraft } from "#lib/domain/operation-steps.ts";
import { pods } from "#lib/domain/plan-draft.ts";

/** Steps of an isolation and of its end: first what there is to see is saved, then it is cut off, then it is looked whether it is. */

type Draft = Omit<StepDraft, "position">;
export type IsolationTarget = PlanTarget & { write: Extract<PlanTarget["write"], { effect: "isolate" | "lift-isolation" }> };

export const isolationStepNames = ["evidence", "isolate", "isolated", "lift", "lifted", "return-isolate", "return-lift", "return-lifted"] as const;
export type IsolationStepName = (typeof isolationStepNames)[number];

export function isIsolation(target: PlanTarget): target is IsolationTarget {
  return target.write.effect === "isolate" || target.write.effect === "lift-isolation";
}

export function isolationSteps(environment: string, targets: readonly PlanTarget[]): Draft[] {
  return [{ name: "check", title: `Look at ${environment} again and keep what is there now`, bigPod: null }, ...targets.filter(isIsolation).flatMap(forward)];
}

function forward({ bigPod, write, before }: IsolationTarget): Draft[] {
  if (write.effect === "isolate") {
    const zero = write.how === "scale-to-zero";
    return [
      { name: "evidence", title: `Save the evidence of ${bigPod}: logs, pods, events, workload`, bigPod },
      { name: "isolate", title: zero ? `Scale ${bigPod} from ${pods(before.replicas)} to none` : `Cut ${bigPod} off from the network`, bigPod },
      { name: "isolated", title: zero ? `See that no pod of ${bigPod} is left` : `See that ${bigPod} is cut off`, bigPod },
    ];
  }
  const zero = write.isolation.how === "scale-to-zero";
  return [
    { name: "lift", title: zero ? `Give ${bigPod} its ${pods(write.isolation.replicas)} back` : `Let ${bigPod} be reached again`, bigPod },
    { name: "lifted", title: `Wait until ${bigPod} is back`, bigPod },
  ];
}

/** Steps that take back what was begun, behind `last`. None when nothing can have been written. */
export function isolationReturnSteps(targets: readonly PlanTarget[], steps: readonly OperationStep[], untouched: (step: OperationStep) => boolean): StepDraft[] {
  const last = Math.max(...steps.map((step) => step.position));
  const wrote = new Set(steps.filter((step) => (step.name === "isolate" || step.name === "lift") && step.status !== "pending" && !untouched(step)).map((step) => step.bigPod));
  const drafts = targets
    .filter(isIsolation)
    .filter((target) => wrote.has(target.bigPod))
    .toReversed()
    .flatMap(({ bigPod, write }): Draft[] =>
      write.effect === "isolate"
        ? [{ name: "return-isolate", title: `Take the isolation of ${bigPod} back`, bigPod }, { name: "return-lifted", title: `Wait until ${bigPod} is back`, bigPod }]
        : [{ name: "return-lift", title: `Isolate ${bigPod} again, as it was`, bigPod }],
    );
  return drafts.map((draft, index) => ({ ...draft, position: last + 1 + index }));
}

import type { EnvironmentPolicy } from "#lib/contracts/config.ts";
import type { Plan, PlanTarget } from "#lib/contracts/operation.ts";
import { colourSteps } from "#lib/domain/colour-steps.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { drillReturnSteps } from "#lib/domain/drill.ts";
import { bakes } from "#lib/domain/gate-after.ts";
import { isIsolation, isolationSteps } from "#lib/domain/isolation-steps.ts";
import { minutes } from "#lib/domain/gate-policy.ts";

export const stepNames = ["check", "config", "write", "rollout", "verify", "bake", "return-config", "return-write", "return-rollout", "raise", "preview", "switch", "stand-down", "return-raise", "return-switch", "evidence", "isolate", "isolated", "lift", "lifted", "return-isolate", "return-lift", "return-lifted"] as const;
export type ForwardStepName = (typeof stepNames)[number];
/** A drill's second half has the return's steps, planned, under names of their own. */
export type StepName = ForwardStepName | `drill-${string}`;

export interface StepDraft {
  position: number;
  name: StepName;
  title: string;
  bigPod: string | null;
}

/** Steps of an operation in order: look, then each Big Pod to its end before the next is touched, then look again; a promotion bakes where the policy says so. */
export function operationSteps(plan: Pick<Plan, "environment" | "release" | "kind">, targets: readonly PlanTarget[], policy: Pick<EnvironmentPolicy, "bakeMinutes" | "gates"> | null): StepDraft[] {
  const coloured = targets.some((target) => target.colour !== null);
  const steps: Omit<StepDraft, "position">[] = targets.some(isIsolation) ? isolationSteps(plan.environment, targets) : coloured ? colourSteps(plan, targets) : rollingSteps(plan, targets);
  if (plan.kind === "promotion" && policy !== null && bakes(policy)) steps.push({ name: "bake", title: policy.bakeMinutes === 0 ? "Ask the gates after it" : `Ask the gates after it for ${minutes(policy.bakeMinutes)}`, bigPod: null });
  if (plan.kind === "drill") steps.push(...drillReturnSteps(plan.environment, returnSteps(targets.toReversed(), 0)));
  return steps.map((step, position) => ({ ...step, position }));
}

function rollingSteps(plan: Pick<Plan, "environment" | "release">, targets: readonly PlanTarget[]): Omit<StepDraft, "position">[] {
  const steps: Omit<StepDraft, "position">[] = [{ name: "check", title: `Look at ${plan.environment} again and keep what is there now`, bigPod: null }];
  for (const { bigPod, write } of targets) {
    if (write.effect === "restore" && write.configMaps.length > 0) steps.push({ name: "config", title: `Restore the ConfigMaps of ${bigPod}`, bigPod });
    steps.push({ name: "write", title: writeTitle(bigPod, write, plan.release), bigPod });
    steps.push({ name: "rollout", title: write.effect === "scale" ? `Wait for the pods of ${bigPod}` : `Roll out ${bigPod}`, bigPod });
  }
  steps.push({ name: "verify", title: `See that everything in ${plan.environment} that was changed is well`, bigPod: null });
  return steps;
}

/** Steps that bring Big Pods back, in the order they are given, behind `last`. */
export function returnSteps(targets: readonly PlanTarget[], last: number): StepDraft[] {
  const steps: Omit<StepDraft, "position">[] = targets.flatMap(({ bigPod, write }) => [
    ...(write.effect === "restore" && write.configMaps.length > 0 ? [{ name: "return-config" as const, title: `Give ${bigPod} its ConfigMaps back`, bigPod }] : []),
    { name: "return-write" as const, title: `Give ${bigPod} back what it ran before`, bigPod },
    { name: "return-rollout" as const, title: `Wait until ${bigPod} is back`, bigPod },
  ]);
  return steps.map((step, index) => ({ ...step, position: last + 1 + index }));
}

function writeTitle(bigPod: string, write: PlanTarget["write"], release: number | null): string {
  switch (write.effect) {
    case "images":
      return `Give ${bigPod} the new images`;
    case "restore":
      return release === null ? `Restore ${bigPod}` : `Restore ${bigPod} to R-${release}`;
    case "restart":
      return `Restart ${bigPod}`;
    case "scale":
      return `Set ${bigPod} to ${write.replicas} replicas`;
    case "switch":
      return `Switch ${bigPod} to the other colour`;
    case "stand-down":
      return `Scale the kept colour of ${bigPod} down`;
    case "isolate":
      return `Isolate ${bigPod}`;
    case "lift-isolation":
      return `Lift the isolation of ${bigPod}`;
    default:
      return assertNever(write);
  }
}

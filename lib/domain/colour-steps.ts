import type { OperationStep, Plan, PlanTarget } from "#lib/contracts/operation.ts";
import { otherColour } from "#lib/domain/colour.ts";
import type { StepDraft } from "#lib/domain/operation-steps.ts";

type Draft = Omit<StepDraft, "position">;

/**
 * Steps of an operation under blue-green: everything is brought up and asked before the first Service is switched, so that whatever fails until then
 * nobody has noticed. Restarts and scalings act on the colour that serves and have the ordinary steps.
 */
export function colourSteps(plan: Pick<Plan, "environment" | "release">, targets: readonly PlanTarget[]): StepDraft[] {
  if (targets.every((target) => target.write.effect === "stand-down")) {
    return positioned([{ name: "check", title: `Look at ${plan.environment} again`, bigPod: null }, ...targets.map(({ bigPod, workload }): Draft => ({ name: "stand-down", title: `Scale ${workload.name} of ${bigPod} down, if it is still idle`, bigPod }))]);
  }
  const raised = targets.filter((target) => target.write.effect !== "switch");
  return positioned([
    { name: "check", title: `Look at ${plan.environment} again and keep what is there now`, bigPod: null },
    ...raised.flatMap(({ bigPod, write }): Draft[] => (write.effect === "restore" && write.configMaps.length > 0 ? [{ name: "config", title: `Restore the ConfigMaps of ${bigPod}`, bigPod }] : [])),
    ...raised.map(({ bigPod, workload, write }): Draft => ({ name: "raise", title: `Bring up ${workload.name} with ${write.effect === "images" ? "the new images" : plan.release === null ? "what is recorded" : `R-${plan.release}`}`, bigPod })),
    ...raised.map(({ bigPod, workload }): Draft => ({ name: "rollout", title: `Wait for the pods of ${workload.name}`, bigPod })),
    ...targets.map(({ bigPod, workload, colour }): Draft => ({ name: "preview", title: `Ask ${workload.name} through ${colour?.previewService.name ?? "its preview"}`, bigPod })),
    ...targets.map(({ bigPod, colour }): Draft => ({ name: "switch", title: colour === null ? `Switch ${bigPod}` : `Switch the Service ${colour.service.name} from ${colour.active} to ${otherColour(colour.active)}`, bigPod })),
    { name: "verify", title: `See that everything in ${plan.environment} that was switched is reached and well`, bigPod: null },
  ]);
}

/** Steps that undo what was begun, the last first: Services go back before anything that they lead to is taken away. */
export function colourReturnSteps(targets: readonly PlanTarget[], steps: readonly OperationStep[]): StepDraft[] {
  const begun = (name: string, bigPod: string): boolean => steps.some((step) => step.name === name && step.bigPod === bigPod && step.status !== "pending" && step.status !== "skipped");
  const reverse = targets.filter((target) => target.colour !== null && target.write.effect !== "stand-down").toReversed();
  const drafts: Draft[] = [
    ...reverse.flatMap(({ bigPod, colour }): Draft[] => (begun("switch", bigPod) ? [{ name: "return-switch", title: `Switch the Service ${colour?.service.name ?? bigPod} back to ${colour?.active ?? "what it was"}`, bigPod }] : [])),
    ...reverse.flatMap(({ bigPod }): Draft[] => (begun("config", bigPod) ? [{ name: "return-config", title: `Give ${bigPod} its ConfigMaps back`, bigPod }] : [])),
    ...reverse.flatMap(({ bigPod, workload }): Draft[] => (begun("raise", bigPod) ? [{ name: "return-raise", title: `Give ${workload.name} back what it was`, bigPod }] : [])),
  ];
  return positioned(drafts, Math.max(-1, ...steps.map((step) => step.position)) + 1);
}

function positioned(drafts: readonly Draft[], first = 0): StepDraft[] {
  return drafts.map((draft, index) => ({ ...draft, position: first + index }));
}

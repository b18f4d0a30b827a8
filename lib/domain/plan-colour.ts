import type { GateResult, PlanChange, PlanTarget } from "#lib/contracts/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { otherColour, templateIdentity } from "#lib/domain/colour.ts";
import { gateFromFindings } from "#lib/domain/gate.ts";
import { pods, settledRecord, unchanged } from "#lib/domain/plan-draft.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { configMapChanges } from "#lib/domain/template-diff.ts";

/** How a switch is done, for one environment. */
export interface ColourPolicy {
  standbyMinutes: number;
}

const sharedConfig = "ConfigMaps are shared by both colours: what changes in them is seen by the colour that serves, too, at its next start, and is not undone by a switch.";

/**
 * A draft for a rolling update, made into one for blue-green: what was to be written to the Deployment that serves goes to the idle one, and the Services
 * are switched. A rollback to exactly what the idle colour still runs becomes a switch alone. What has no complete pair of colours is left alone; the gate
 * "service-selector" says why. Restarts and scalings act on the colour that serves, so their drafts are returned as they are.
 */
export function inColours(draft: PlanDraft, facts: EnvironmentFacts, policy: ColourPolicy): PlanDraft {
  const changes: PlanChange[] = [];
  const targets: PlanTarget[] = [];
  for (const change of draft.changes) {
    const target = draft.targets.find((candidate) => candidate.bigPod === change.bigPod);
    const state = facts.states.get(change.bigPod);
    if (target === undefined || (target.write.effect !== "images" && target.write.effect !== "restore")) {
      changes.push(change);
      if (target !== undefined) targets.push(target);
      continue;
    }
    const coloured = state === undefined ? null : colouredTarget(target, state, facts, policy);
    if (coloured === null) {
      changes.push(unchanged(change.bigPod, `not touched: ${state?.colour?.trouble?.[0] ?? state?.cause ?? "its two colours are not known"}`));
      continue;
    }
    targets.push(coloured);
    changes.push({ ...change, effect: coloured.write.effect === "switch" ? "switch" : change.effect, how: howOf(coloured, draft.release) });
  }
  const config = targets.some((target) => target.colour !== null && target.write.effect === "restore" && target.write.configMaps.length > 0);
  return { ...draft, changes, targets, notUndone: config ? [...draft.notUndone, sharedConfig] : draft.notUndone };
}

function colouredTarget(target: PlanTarget, state: BigPodState, facts: EnvironmentFacts, policy: ColourPolicy): PlanTarget | null {
  const { colour, workload } = state;
  const parts = colour?.parts;
  if (colour === null || parts === undefined || workload === null) return null;
  const kept = target.write.effect === "restore" && runsExactly(target.write, state, facts);
  return {
    ...target,
    workload: { name: colour.standby.workload, uid: parts.idle.uid, generation: parts.idle.generation },
    // The idle colour's template is in no record: the executor keeps it at its first step.
    before: { template: {}, configMaps: target.before.configMaps, replicas: colour.standby.replicas },
    write: kept ? { effect: "switch" } : target.write,
    colour: {
      label: parts.label,
      active: colour.active,
      activeWorkload: { name: workload.name, uid: workload.uid, generation: workload.generation },
      service: parts.service,
      previewService: parts.previewService,
      autoscalers: parts.autoscalers,
      replicas: state.replicas.desired,
      standbyMinutes: policy.standbyMinutes,
    },
  };
}

/** Whether the idle colour runs what is to be restored: the same template, the same ConfigMaps as are there now, and enough pods, all ready. */
function runsExactly(write: Extract<PlanTarget["write"], { effect: "restore" }>, { bigPod, colour, replicas }: BigPodState, facts: EnvironmentFacts): boolean {
  const recorded = settledRecord(facts, bigPod);
  if (recorded === undefined || colour?.parts === undefined || colour.parts.idle.content === null) return false;
  const enough = colour.standby.ready >= Math.max(1, replicas.desired) && colour.standby.replicas >= replicas.desired;
  return enough && colour.parts.idle.content === templateIdentity(write.template, colour.parts.label) && configMapChanges(recorded.configMaps, write.configMaps).length === 0;
}

function howOf({ workload, write, before, colour }: PlanTarget, release: number | null): string {
  if (colour === null) return "";
  const { activeWorkload, service, previewService, active, standbyMinutes, replicas, autoscalers } = colour;
  const follow = autoscalers.length === 0 ? "" : ` (HorizontalPodAutoscaler ${autoscalers.map((one) => one.name).join(", ")} with it)`;
  const turn = `switches the Service ${service.name} from ${active} to ${otherColour(active)} at once${follow}`;
  const keep = `keeps ${activeWorkload.name} for ${standbyMinutes === 1 ? "1 minute" : `${standbyMinutes} minutes`}`;
  if (write.effect === "switch") return `${workload.name} still runs ${release === null ? "it" : `R-${release}`} on ${pods(before.replicas)}: asks it through ${previewService.name}, ${turn}, ${keep}`;
  const what = write.effect === "images" ? "the new images" : `the template of ${release === null ? "the record" : `R-${release}`}`;
  const config = write.effect === "restore" && write.configMaps.length > 0 ? `restores the ConfigMaps ${write.configMaps.map((map) => map.name).join(", ")} where they differ (both colours share them), ` : "";
  return `${config}brings up ${workload.name} with ${what} on ${pods(replicas)}, asks it through ${previewService.name}, ${turn}, ${keep}`;
}

/** What happens afterwards by itself. */
export function afterSwitch(draft: PlanDraft): string[] {
  const kept = draft.targets.flatMap(({ colour }) => (colour === null ? [] : [colour]));
  const [first] = kept;
  if (first === undefined) return [];
  return [`${kept.map((colour) => colour.activeWorkload.name).join(", ")} ${kept.length === 1 ? "is" : "are"} kept for ${first.standbyMinutes} min: until then a rollback is one switch. Then Vigie scales ${kept.length === 1 ? "it" : "them"} to 0.`];
}

/** The Services name the colours that Vigie left there, and everything a switch touches exists. Never overruled. */
export function serviceSelector(target: EnvironmentFacts, bigPods: readonly string[]): GateResult {
  const findings = bigPods.flatMap((bigPod): { verdict: GateResult["verdict"]; sentence: string }[] => {
    const state = target.states.get(bigPod);
    // That it cannot be seen, or was never brought here, is for "target-visible" to say.
    if (state === undefined || (state.workload === null && state.status === "unknown")) return [];
    if (state.colour === null) return [{ verdict: "fail", sentence: state.cause ?? `no Service says which colour of ${bigPod} serves` }];
    const trouble = state.colour.trouble ?? [];
    if (trouble.length > 0) return trouble.map((sentence) => ({ verdict: "fail", sentence }));
    if (state.colour.parts === undefined) return [{ verdict: "fail", sentence: `the two colours of ${bigPod} are not known` }];
    return [{ verdict: "pass", sentence: `${state.colour.parts.service.name} leads to ${state.colour.active}` }];
  });
  if (findings.length === 0) return gateFromFindings("service-selector", [{ verdict: "inconclusive", sentence: "no Service was seen" }], "", target.now);
  return gateFromFindings("service-selector", findings, findings.map((finding) => finding.sentence).join(", "), target.now);
}

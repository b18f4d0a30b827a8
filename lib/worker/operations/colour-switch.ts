import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { otherColour, scaledDeployment, selectorAnnotation, selectorOf, selectorText, standbyUntilAnnotation } from "#lib/domain/colour.ts";
import type { Colour } from "#lib/domain/colour.ts";
import { switchDecision } from "#lib/domain/colour-write.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { awaitEndpoints } from "#lib/worker/operations/colour-endpoints.ts";
import { autoscalers, colourOf, fenceBound, isOurs, maximumTries, previewService, readBound, servingService } from "#lib/worker/operations/colour-objects.ts";
import type { Bound } from "#lib/worker/operations/colour-objects.ts";
import { lastManager } from "#lib/worker/operations/objects.ts";
import { afterFailedWrite, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { marks, preconditions } from "#lib/worker/operations/write.ts";

/** What a return may have to wait for after the Service was switched back: its pods were never taken away. */
const returnEndpointsMs = 10_000;

/**
 * Switches a Big Pod: autoscalers and preview first, then the Service that serves, in one patch of its selector. Until that patch nobody has noticed
 * anything; after it all new connections go to the new colour. Every object is read and judged before it is written, so that the step can be run again.
 * Throws StepFailed and ClaimLost.
 */
export async function switchForward(run: Run, target: PlanTarget, deadline: number): Promise<string> {
  const colour = colourOf(target);
  const to = otherColour(colour.active);
  for (const bound of await autoscalers(run, colour, deadline)) await writeBound(run, target, bound, "forward", deadline, (object) => scaleDecision(object, colour.activeWorkload.name, target.workload.name, isOurs(run, object)));
  await writeBound(run, target, previewService(colour), "forward", deadline, (object) => selectDecision(run, object, colour.label, to, colour.active, {}));
  const until = new Date(Date.now() + colour.standbyMinutes * 60_000).toISOString();
  return writeBound(run, target, servingService(colour), "forward", deadline, (object) => selectDecision(run, object, colour.label, colour.active, to, { [standbyUntilAnnotation]: until }));
}

/** Switches a Big Pod back, the Service that serves first. What this operation did not write is left alone. Throws StepFailed and ClaimLost. */
export async function switchBack(run: Run, step: OperationStep, target: PlanTarget, deadline: number): Promise<string> {
  const colour = colourOf(target);
  const from = otherColour(colour.active);
  const text = await writeBound(run, target, servingService(colour), "return", deadline, (object) => backDecision(run, object, colour.label, from, colour.active));
  const serving: PlanTarget = { ...target, workload: colour.activeWorkload };
  const found = await awaitEndpoints(run, step, serving, colour.service.name, Math.min(deadline, performance.now() + returnEndpointsMs), run.keeper.lost);
  for (const bound of await autoscalers(run, colour, deadline)) await writeBound(run, target, bound, "return", deadline, (object) => (isOurs(run, object) ? scaleDecision(object, target.workload.name, colour.activeWorkload.name, true) : untouched));
  await writeBound(run, target, previewService(colour), "return", deadline, (object) => backDecision(run, object, colour.label, colour.active, from));
  return `${text}; it leads to ${found === 1 ? "1 pod" : `${found} pods`} of ${colour.activeWorkload.name}`;
}

/** Puts this claim's epoch on everything that an earlier claimant may still be switching. */
export async function fenceSwitch(run: Run, target: PlanTarget, deadline: number): Promise<void> {
  const colour = colourOf(target);
  for (const bound of [...(await autoscalers(run, colour, deadline)), previewService(colour), servingService(colour)]) await fenceBound(run, bound, deadline);
}

type Judged = { do: "nothing"; why: string } | { do: "stop"; why: string } | { do: "write"; what: string; spec: Record<string, unknown>; annotations: Record<string, string | null> };

const untouched: Judged = { do: "nothing", why: "it was not touched" };

async function writeBound(run: Run, target: PlanTarget, bound: Bound, direction: "forward" | "return", deadline: number, judge: (object: ClusterObject) => Judged): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const object = await readBound(run, bound, deadline);
    const judged = judge(object);
    if (judged.do === "nothing") return `${bound.words}: ${judged.why}`;
    if (judged.do === "stop") throw new StepFailed(`${bound.words} is left as it is: ${judged.why} (last written by ${lastManager(object)})`);
    if (tries > maximumTries) throw new StepFailed(`${bound.words} of ${target.bigPod} could not be written: somebody else (${lastManager(object)}) writes it again and again`);
    if (direction === "forward") await run.permitted();
    await run.keeper.hold();
    try {
      await run.cluster.patch(bound.kind, run.environment.namespace, bound.name, "merge", { metadata: { ...preconditions(object), annotations: { ...marks(run), ...judged.annotations } }, spec: judged.spec });
      return `${bound.words} ${judged.what}`;
    } catch (error) {
      await afterFailedWrite(`write ${bound.words}`, error, tries, deadline, run.keeper.lost);
    }
  }
}

function selectDecision(run: Run, service: ClusterObject, label: string, from: Colour, to: Colour, annotations: Record<string, string>): Judged {
  const decision = switchDecision(service, label, from, to, isOurs(run, service));
  if (decision.do !== "write") return decision;
  // The other keys of the selector stay as they are; the whole is kept beside it, to see later whether somebody else changed any of it.
  const left = selectorText({ ...selectorOf(service), [label]: to });
  return { do: "write", what: `was switched from ${from} to ${to}`, spec: { selector: { [label]: to } }, annotations: { [selectorAnnotation]: left, ...annotations } };
}

function backDecision(run: Run, service: ClusterObject, label: string, from: Colour, to: Colour): Judged {
  if (!isOurs(run, service)) {
    const decision = switchDecision(service, label, from, to, true);
    return decision.do === "nothing" ? untouched : { do: "stop", why: decision.do === "stop" ? decision.why : `somebody else made it lead to ${from}` };
  }
  return selectDecision(run, service, label, from, to, {});
}

function scaleDecision(autoscaler: ClusterObject, from: string, to: string, ours: boolean): Judged {
  const now = scaledDeployment(autoscaler);
  if (now === to) return ours ? { do: "nothing", why: `it scales ${to}` } : { do: "stop", why: `it was pointed at ${to} by somebody else meanwhile` };
  if (now === from) return { do: "write", what: `scales ${to} now`, spec: { scaleTargetRef: { name: to } }, annotations: {} };
  return { do: "stop", why: `it scales ${now ?? "something else"}` };
}

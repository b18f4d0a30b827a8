import type { BigPodState } from "#lib/contracts/state.ts";
import { colourNames, colours, ofColour, operationAnnotation, otherColour, scaledDeployment, selectedColour, selectorAnnotation, selectorAsLeft, selectorOwner, standbyUntilAnnotation, templateIdentity } from "#lib/domain/colour.ts";
import type { Colour, ColourNames } from "#lib/domain/colour.ts";
import { isoTime, templateOf } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { foldBigPod } from "#lib/domain/fold.ts";
import type { FoldInput } from "#lib/domain/fold.ts";
import { worstHealth } from "#lib/domain/status.ts";

/** A Big Pod with two colours: its state, which is that of the colour that serves, and each colour's own, by Deployment name. */
export interface ColouredFold {
  state: BigPodState;
  sides: ReadonlyMap<string, BigPodState>;
}

interface ColourFinding {
  status: "broken" | "warning";
  sentence: string;
}

/**
 * Folds a Big Pod of a blue-green environment. The Deployment that the Service selects is the workload; the other one is folded by itself, as if it
 * served, for the step that waits for it. What is not as it should be between Services, Deployments and autoscalers is a cause of its own: a Service
 * that leads to both colours, or to none, is never green however well the pods are.
 */
export function foldColoured(input: FoldInput, services: Iterable<RawObject>, autoscalers: Iterable<RawObject>, previousSides: ReadonlyMap<string, BigPodState>): ColouredFold {
  const { bigPod, previous } = input;
  const names = colourNames(bigPod);
  // Read twice, once per colour: an iterator would be empty the second time.
  const [deployments, replicaSets, pods] = [[...input.deployments], [...input.replicaSets], [...input.pods]];
  const serving = [...services].filter(({ metadata }) => metadata.name === names.service || metadata.name === names.previewService);
  const sides = new Map(
    colours.map((colour) => {
      const name = names.workloads[colour];
      const before = previousSides.get(name) ?? (previous?.workload?.name === name ? previous : null);
      return [name, { ...foldBigPod({ ...input, bigPod: ofColour(bigPod, colour), deployments, replicaSets, pods, previous: before }), colour: null }] as const;
    }),
  );
  const look = lookAt(input, names, deployments, serving, [...autoscalers], sides);
  const shown = look.active ?? colours.find((colour) => previous?.workload?.name === names.workloads[colour]) ?? colours.find((colour) => deployments.some(({ metadata }) => metadata.name === names.workloads[colour])) ?? "blue";
  const side = sides.get(names.workloads[shown]);
  if (side === undefined) throw new Error("unreachable: both colours were folded");
  return { state: withFindings({ ...side, colour: look.colour }, look.findings, previous, input.now), sides };
}

function lookAt(input: FoldInput, names: ColourNames, deployments: readonly RawObject[], services: readonly RawObject[], autoscalers: readonly RawObject[], sides: ReadonlyMap<string, BigPodState>): { active: Colour | null; colour: BigPodState["colour"]; findings: ColourFinding[] } {
  const { bigPod, namespace } = input;
  const deploymentOf = (colour: Colour): RawObject | undefined => deployments.find(({ metadata }) => metadata.name === names.workloads[colour]);
  const service = services.find(({ metadata }) => metadata.name === names.service);
  const preview = services.find(({ metadata }) => metadata.name === names.previewService);
  // A Big Pod that nobody has brought here yet: that the workload does not exist says all.
  if (service === undefined && colours.every((colour) => deploymentOf(colour) === undefined)) return { active: null, colour: null, findings: [] };
  if (service === undefined) return blind({ status: "broken", sentence: `Service ${names.service} does not exist in ${namespace}: nothing leads to the pods of ${bigPod.name}` });
  const active = selectedColour(service, names.label);
  if (active === null) {
    const both = colours.every((colour) => (sides.get(names.workloads[colour])?.replicas.total ?? 0) > 0);
    const sentence = `Service ${names.service} names no colour: its selector has no ${names.label}, so it leads to every colour that has pods`;
    return blind({ status: both ? "broken" : "warning", sentence });
  }
  if (typeof active === "object") return blind({ status: "broken", sentence: `Service ${names.service} selects ${names.label}=${active.unknown}, which is neither blue nor green: nothing leads to the pods of ${bigPod.name}` });

  const idle = otherColour(active);
  const findings: ColourFinding[] = [];
  const trouble: string[] = [];
  const add = (status: ColourFinding["status"], sentence: string): void => {
    findings.push({ status, sentence });
    trouble.push(sentence);
  };
  if (deploymentOf(active) === undefined) add("broken", `Service ${names.service} leads to ${active}, but Deployment ${names.workloads[active]} does not exist in ${namespace}`);
  if (!selectorAsLeft(service)) add("warning", `the selector of Service ${names.service} was changed by ${selectorOwner(service, names.label) ?? "somebody"}, not through Vigie (it leads to ${active} now): put it back, or accept it with \`kubectl -n ${namespace} annotate service ${names.service} vigie.dev/selector-\``);
  const idleDeployment = deploymentOf(idle);
  if (idleDeployment === undefined) add("warning", `Deployment ${names.workloads[idle]}, the idle colour, does not exist in ${namespace}: without it nothing can be promoted or rolled back`);
  if (preview === undefined) add("warning", `Service ${names.previewService} does not exist in ${namespace}: without it the idle colour cannot be asked before a switch`);
  else {
    const shown = selectedColour(preview, names.label);
    if (shown === active && beingSwitched(service, preview)) {
      // Vigie changes the preview first; the Service that serves follows in the next moment.
    } else if (shown === active) add("warning", `Services ${names.service} and ${names.previewService} both lead to ${active}: the preview must name ${idle}`);
    else if (shown !== idle) add("warning", `Service ${names.previewService} must select ${names.label}=${idle}, not ${shown === null ? "every colour" : typeof shown === "object" ? shown.unknown : shown}`);
    if (!selectorAsLeft(preview) && shown === idle) add("warning", `the selector of Service ${names.previewService} was changed by ${selectorOwner(preview, names.label) ?? "somebody"}, not through Vigie: put it back, or accept it with \`kubectl -n ${namespace} annotate service ${names.previewService} vigie.dev/selector-\``);
  }
  for (const autoscaler of autoscalers.filter((one) => scaledDeployment(one) === names.workloads[idle])) {
    add("warning", `HorizontalPodAutoscaler ${autoscaler.metadata.name} scales ${names.workloads[idle]}, which is idle: only the colour that serves may have one; point it at ${names.workloads[active]} or delete it`);
  }
  const side = sides.get(names.workloads[idle]);
  const until = isoTime(service.metadata.annotations?.[standbyUntilAnnotation]);
  const standby = { workload: names.workloads[idle], replicas: side?.replicas.desired ?? 0, ready: side?.replicas.ready ?? 0, version: side?.version ?? null, until: (side?.replicas.desired ?? 0) > 0 ? until : null };
  const identity = (object: RawObject): { name: string; uid: string } => ({ name: object.metadata.name, uid: object.metadata.uid });
  const parts =
    idleDeployment === undefined || preview === undefined || side === undefined
      ? undefined
      : {
          label: names.label,
          idle: { uid: idleDeployment.metadata.uid, generation: idleDeployment.metadata.generation ?? 0, images: side.images, content: templateIdentity(templateOf(idleDeployment), names.label, side.images) },
          service: identity(service),
          previewService: identity(preview),
          autoscalers: autoscalers.filter((one) => scaledDeployment(one) === names.workloads[active]).map(identity).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        };
  return { active, colour: { active, standby, ...(parts === undefined ? {} : { parts }), ...(trouble.length === 0 ? {} : { trouble }) }, findings };
}

function beingSwitched(service: RawObject, preview: RawObject): boolean {
  const mark = (object: RawObject): string | undefined => object.metadata.annotations?.[operationAnnotation];
  return preview.metadata.annotations?.[selectorAnnotation] !== undefined && selectorAsLeft(preview) && mark(preview) !== mark(service);
}

function blind(finding: ColourFinding): { active: null; colour: null; findings: ColourFinding[] } {
  return { active: null, colour: null, findings: [finding] };
}

/** The worst of the pods' state and of what was found between the colours; of equals the latter is told, because it is the cause. */
function withFindings(state: BigPodState, findings: readonly ColourFinding[], previous: BigPodState | null, now: Date): BigPodState {
  if (findings.length === 0) return state;
  const status = worstHealth([state.status, ...findings.map((finding) => finding.status)]);
  const told = findings.find((finding) => finding.status === status);
  const since = previous?.status === status ? previous.since : state.status === status ? state.since : now.toISOString();
  const evidence = findings.map((finding) => ({ kind: "status" as const, text: finding.sentence, at: null, on: null }));
  return { ...state, status, cause: told?.sentence ?? state.cause, since, evidence: [...evidence, ...state.evidence].slice(0, 12) };
}

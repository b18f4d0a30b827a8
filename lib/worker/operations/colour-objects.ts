import type { ColourTarget, PlanTarget } from "#lib/contracts/operation.ts";
import { selectedColour } from "#lib/domain/colour.ts";
import { ClusterError, epochAnnotation, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import type { ClusterObject, ResourceKind } from "#lib/ports/cluster.ts";
import { afterFailedWrite, patiently, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { marks, preconditions } from "#lib/worker/operations/write.ts";

/** Conflicts with somebody who writes at the same time are retried this often, each time after reading and judging anew. */
export const maximumTries = 12;

export interface Bound {
  kind: ResourceKind;
  /** "Service core" */
  words: string;
  name: string;
  uid: string;
}

export function servingService({ service }: ColourTarget): Bound {
  return { kind: kinds.services, words: `Service ${service.name}`, ...service };
}
export function previewService({ previewService: service }: ColourTarget): Bound {
  return { kind: kinds.services, words: `Service ${service.name}`, ...service };
}
/** In the API version that the cluster serves: v2 is there from Kubernetes 1.23 on, and what is read and written here is alike in v1. */
export async function autoscalers(run: Run, { autoscalers: bound }: ColourTarget, deadline: number): Promise<Bound[]> {
  if (bound.length === 0) return [];
  const { namespace } = run.environment;
  const kind = await patiently("list HorizontalPodAutoscalers", deadline, run.keeper.lost, async () => {
    try {
      await run.cluster.list(kinds.horizontalPodAutoscalers, { namespace, limit: 1 }, run.keeper.lost);
      return kinds.horizontalPodAutoscalers;
    } catch (error) {
      if (error instanceof ClusterError && error.reason === "unsupported") return kinds.horizontalPodAutoscalersV1;
      throw error;
    }
  });
  return bound.map((autoscaler) => ({ kind, words: `HorizontalPodAutoscaler ${autoscaler.name}`, ...autoscaler }));
}

/** The colours of a target. Throws StepFailed when it has none: a step of blue-green in a plan without colours. */
export function colourOf(target: PlanTarget): ColourTarget {
  if (target.colour === null) throw new StepFailed(`the plan has no colours for ${target.bigPod}`);
  return target.colour;
}

/** Reads an object that the plan was bound to, from the API. Throws StepFailed when it is gone or another one of that name. */
export async function readBound(run: Run, { kind, words, name, uid }: Bound, deadline: number): Promise<ClusterObject> {
  const { namespace } = run.environment;
  const object = await patiently(`read ${words}`, deadline, run.keeper.lost, () => run.cluster.get(kind, namespace, name, run.keeper.lost)).catch((error: unknown) => {
    if (error instanceof ClusterError && error.reason === "not-found") throw new StepFailed(`${words} in ${namespace} was deleted`, { cause: error });
    throw error;
  });
  if (object.metadata.uid !== uid) throw new StepFailed(`${words} in ${namespace} was deleted and made anew since the plan was made`);
  return object;
}

/** Whether this operation wrote an object last. */
export function isOurs(run: Run, object: ClusterObject): boolean {
  return object.metadata.annotations?.[operationAnnotation] === run.keeper.claim.operationId;
}

/** As `fence` for Deployments: puts this claim's epoch on an object, so that a late write of an earlier claimant is refused. */
export async function fenceBound(run: Run, bound: Bound, deadline: number): Promise<void> {
  for (let tries = 1; tries <= maximumTries; tries += 1) {
    const object = await readBound(run, bound, deadline);
    if (isOurs(run, object) && object.metadata.annotations?.[epochAnnotation] === String(run.keeper.claim.epoch)) return;
    // Only what an earlier claimant of this operation may still write: an object it never wrote gets the epoch without the operation, so that nobody takes it for ours.
    const annotations = isOurs(run, object) ? marks(run) : { [epochAnnotation]: String(run.keeper.claim.epoch) };
    if (object.metadata.annotations?.[epochAnnotation] === annotations[epochAnnotation]) return;
    await run.keeper.hold();
    try {
      await run.cluster.patch(bound.kind, run.environment.namespace, bound.name, "merge", { metadata: { ...preconditions(object), annotations } });
      return;
    } catch (error) {
      await afterFailedWrite(`mark ${bound.words}`, error, tries, deadline, run.keeper.lost);
    }
  }
  throw new StepFailed(`${bound.words} could not be taken over: somebody else writes it again and again`);
}

/** Whether the Service that serves leads to this target's Deployment now. Asked before, and once more after, anything is taken away from it. */
export async function isServing(run: Run, target: PlanTarget, deadline: number): Promise<boolean> {
  const colour = colourOf(target);
  const service = await readBound(run, servingService(colour), deadline);
  // Anything but a clear "the other one": it may be reached.
  return selectedColour(service, colour.label) !== colour.active;
}

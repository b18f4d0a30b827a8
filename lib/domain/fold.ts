import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { BigPodState, PodState } from "#lib/contracts/state.ts";
import { conclude, concludeFirst } from "#lib/domain/fold-finding.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { evictionFindings, isLive, podFindings } from "#lib/domain/fold-pod.ts";
import { podStateOf } from "#lib/domain/fold-pod-state.ts";
import { probeFindings } from "#lib/domain/fold-probe.ts";
import { condition, controllerOf, fields, isReady, readEvent } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, RawObject } from "#lib/domain/fold-read.ts";
import { currentReplicaSet, replicaSetsOf, rolloutOf } from "#lib/domain/fold-rollout.ts";
import { servicesOverPods } from "#lib/domain/fold-services.ts";
import { surroundingFindings } from "#lib/domain/fold-surroundings.ts";
import { runningImages, versionOf } from "#lib/domain/fold-version.ts";
import { doubtFindings, notReadyFindings, serviceFindings, workloadFindings } from "#lib/domain/fold-workload.ts";
import { architectureOf, isCordoned } from "#lib/domain/health-node.ts";
import type { HealthInput } from "#lib/domain/health.ts";
import { isolationFinding, readIsolation } from "#lib/domain/isolation.ts";
import { templateLabels, unknownSurroundings } from "#lib/domain/surroundings.ts";
import type { Surroundings } from "#lib/domain/surroundings.ts";

export interface FoldInput {
  environment: string;
  namespace: string;
  /** The cluster that says it has no such namespace; null also when it cannot be told. */
  namespaceMissingIn?: string | null;
  bigPod: BigPodConfig;
  deployments: Iterable<RawObject>;
  replicaSets: Iterable<RawObject>;
  pods: Iterable<RawObject>;
  /** By uid of the object they are about (see eventsByObject). */
  events: ReadonlyMap<string, readonly ClusterEvent[]>;
  health: HealthInput;
  /** What lies around the workload; nothing is known of it when left out. */
  surroundings?: Surroundings;
  /** Keys of the sources that this state rests on. */
  sources: readonly string[];
  previous: BigPodState | null;
  now: Date;
}

/** Groups events by the uid of their object. */
export function eventsByObject(events: Iterable<RawObject>): Map<string, ClusterEvent[]> {
  const grouped = new Map<string, ClusterEvent[]>();
  for (const raw of events) {
    const event = readEvent(raw);
    const of = grouped.get(event.uid);
    if (of) of.push(event);
    else grouped.set(event.uid, [event]);
  }
  return grouped;
}

/** Pods whose services may be asked how they are: running, not on their way out, of a configured Big Pod. */
export function podsToAsk(bigPods: readonly BigPodConfig[], deployments: Iterable<RawObject>, replicaSets: Iterable<RawObject>, pods: ReadonlyMap<string, RawObject>): { uid: string; name: string; bigPod: string }[] {
  const bigPodOf = new Map(bigPods.map((bigPod) => [bigPod.workload.name, bigPod.name]));
  const ofDeployment = new Map<string, string>();
  for (const { metadata } of deployments) {
    const bigPod = bigPodOf.get(metadata.name);
    if (bigPod !== undefined) ofDeployment.set(metadata.uid, bigPod);
  }
  const ofSet = new Map<string, string>();
  for (const set of replicaSets) {
    const bigPod = ofDeployment.get(controllerOf(set) ?? "");
    if (bigPod !== undefined) ofSet.set(set.metadata.uid, bigPod);
  }
  return [...pods.values()].flatMap((pod) => {
    const bigPod = ofSet.get(controllerOf(pod) ?? "");
    return bigPod !== undefined && isLive(pod) && fields(pod.status)["phase"] === "Running" ? [{ uid: pod.metadata.uid, name: pod.metadata.name, bigPod }] : [];
  });
}

/** Status kept since it began: the previous moment while the status is the same. */
function sinceOf(status: BigPodState["status"], previous: BigPodState | null, now: Date, deployment?: RawObject): string {
  if (previous?.status === status) return previous.since;
  // Seen for the first time and well: it has been so since the cluster says it is available.
  const available = previous === null && status === "healthy" && deployment ? condition(deployment, "Available")?.at : null;
  return available ?? now.toISOString();
}

function absence({ bigPod, environment, namespace, namespaceMissingIn = null }: FoldInput, wasThere: boolean): string {
  const deployment = `Deployment ${bigPod.workload.name}`;
  if (namespaceMissingIn !== null) return `Namespace ${namespace} ${wasThere ? "was deleted from" : "does not exist in"} cluster ${namespaceMissingIn}: create it, or mend cluster and namespace of ${environment} in vigie.yaml`;
  if (wasThere) return `${deployment} was deleted from ${namespace}: create it again, or mend bigPods.${bigPod.name}.workload in vigie.yaml`;
  return `${deployment} does not exist in ${namespace}: create it or mend bigPods.${bigPod.name}.workload in vigie.yaml`;
}

function withoutWorkload(input: FoldInput): BigPodState {
  const { bigPod, environment, previous, now } = input;
  const wasThere = previous !== null && (previous.workload !== null || previous.status === "broken");
  const status = wasThere ? ("broken" as const) : ("unknown" as const);
  const cause = absence(input, wasThere);
  return {
    environment, bigPod: bigPod.name, status, cause, causeKind: "absent", remedy: "Create it again, or mend the configuration.", evidence: [],
    since: sinceOf(status, previous, now),
    version: null, images: [],
    replicas: { desired: 0, updated: 0, ready: 0, available: 0, total: 0 },
    rollout: null,
    services: servicesOverPods(bigPod, [], (input.namespaceMissingIn ?? null) !== null ? "its namespace does not exist" : "its workload does not exist"),
    pods: [], restarts: 0, workload: null, colour: null,
    sources: [...input.sources], observedAt: now.toISOString(),
  };
}

function comparePods(a: PodState, b: PodState): number {
  return Number(b.current) - Number(a.current) || Number(a.terminating) - Number(b.terminating) || (a.name < b.name ? -1 : 1);
}

/**
 * Folds what a cluster says about one Big Pod into its state. Total and pure: odd input makes a poorer state, never an exception.
 * Worst wins; a rollout that goes on is `progressing`, until a pod of the new template fails. Healthy takes a complete rollout and
 * every service up in every pod; whether the sources are fresh is judged when it is shown (freshness.ts).
 * Health rules after Argo CD's (gitops-engine/pkg/health) and kubectl's rollout status.
 */
export function foldBigPod(input: FoldInput): BigPodState {
  const { bigPod, environment, previous, now, events, health } = input;
  let deployment: RawObject | undefined;
  for (const candidate of input.deployments) if (candidate.metadata.name === bigPod.workload.name) deployment = candidate;
  if (!deployment) return withoutWorkload(input);

  const owned = replicaSetsOf(deployment, input.replicaSets);
  const ownedIds = new Set(owned.map((set) => set.metadata.uid));
  const currentId = currentReplicaSet(deployment, owned)?.metadata.uid;
  const pods = [...input.pods].filter((pod) => ownedIds.has(controllerOf(pod) ?? ""));
  const live = pods.filter(isLive);
  const current = live.filter((pod) => controllerOf(pod) === currentId);
  const eventsOf = (uid: string): readonly ClusterEvent[] => events.get(uid) ?? [];
  const podStates = pods.map((pod) => podStateOf(bigPod, pod, controllerOf(pod) === currentId, health, now));
  const stateOf = new Map(podStates.map((state) => [state.uid, state]));

  const rollout = rolloutOf(deployment);
  const previousImages = previous?.workload?.uid === deployment.metadata.uid ? previous.images : [];
  const { images, mixed } = runningImages(deployment, current, previousImages);
  const version = versionOf(bigPod, images);
  const readyCurrent = current.filter(isReady).length;

  const surroundings = input.surroundings ?? unknownSurroundings;
  const set = owned.find((candidate) => candidate.metadata.uid === currentId);
  const findings: Finding[] = workloadFindings({ deployment, rollout, bigPod, version, readyCurrent, mixed, replicaSet: set, replicaSetEvents: owned.flatMap((one) => eventsOf(one.metadata.uid)), now });
  if (rollout.desired > 0) {
    const cordoned = (surroundings.nodes ?? []).filter(isCordoned).map((node) => node.metadata.name);
    for (const pod of current) {
      const state = stateOf.get(pod.metadata.uid);
      const node = surroundings.nodes?.find((candidate) => candidate.metadata.name === fields(pod.spec)["nodeName"]);
      findings.push(...podFindings(pod, bigPod.name, { events: eventsOf(pod.metadata.uid), architecture: node === undefined ? null : architectureOf(node), cordoned }, now));
      if (state) findings.push(...serviceFindings(pod, state));
    }
    const unready = current.filter((pod) => !isReady(pod));
    const without = (found: readonly Finding[]): RawObject[] => {
      const troubled = new Set(found.map((f) => f.on));
      return unready.filter((pod) => !troubled.has(pod.metadata.name));
    };
    if (rollout.settledBefore) findings.push(...notReadyFindings(bigPod.name, without(findings), readyCurrent, rollout.desired, eventsOf, now));
    else findings.push(...without(findings.filter((f) => f.status === "broken")).flatMap((pod) => probeFindings(pod, bigPod.name, eventsOf(pod.metadata.uid), bigPod.startSeconds, now)));
    findings.push(...evictionFindings(pods.filter((pod) => controllerOf(pod) === currentId && !isLive(pod)), eventsOf, now));
    findings.push(...surroundingFindings({ bigPod, namespace: input.namespace, deployment, pods: current, ready: readyCurrent, surroundings, eventsOf, now }));
  }
  const shown = current.length > 0 ? current : live;
  const services = servicesOverPods(bigPod, shown.flatMap((pod) => stateOf.get(pod.metadata.uid) ?? []), rollout.desired === 0 ? "scaled to 0" : "no pod yet");
  if (findings.length === 0) findings.push(...doubtFindings(bigPod.name, services, readyCurrent, rollout.desired));
  const isolation = readIsolation(deployment.metadata.annotations);
  const cut = isolation === null ? null : isolationFinding(deployment, isolation, { desired: rollout.desired, labels: templateLabels(deployment), policies: surroundings.networkPolicies, now });
  // What else is wrong with it is evidence: that it is cut off is what people must know first, and explains much of it.
  const { status, cause, kind, remedy, evidence } = cut === null ? conclude(findings) : concludeFirst(cut, findings);
  const restarts = podStates.reduce((sum, pod) => sum + pod.restarts, 0);
  return {
    environment, bigPod: bigPod.name, status, cause, causeKind: kind, remedy, evidence,
    since: sinceOf(status, previous, now, deployment),
    version, images,
    replicas: { desired: rollout.desired, updated: rollout.updated, ready: rollout.ready, available: rollout.available, total: rollout.total },
    rollout: rollout.phase === "complete" || (rollout.settledBefore && status !== "progressing") ? null : { done: Math.min(readyCurrent, rollout.desired), total: rollout.desired },
    services,
    pods: podStates.sort(comparePods),
    restarts,
    workload: { kind: "Deployment", name: deployment.metadata.name, uid: deployment.metadata.uid, generation: deployment.metadata.generation ?? 0 },
    colour: null,
    isolation,
    sources: [...input.sources],
    observedAt: now.toISOString(),
  };
}

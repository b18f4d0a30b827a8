import { isNodeReady, downAnnotation } from "#sandbox/controllers/node-shape.ts";
import { asPod, isReady, type Container, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { isControlledBy } from "#sandbox/controllers/object-keys.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";
import { Refusal } from "#sandbox/refusal.ts";
import { servingDeployments } from "#sandbox/world/seed-colours.ts";
import { fillCapacity, removeBallast } from "#sandbox/world/ballast.ts";
import { isCertificateExpiring, setCertificateExpiring } from "#sandbox/world/certificate-expiry.ts";
import { createDeployMemory } from "#sandbox/world/deploy-memory.ts";
import { podStatusWord } from "#sandbox/world/pod-status-word.ts";
import { processViews, type PodProcess } from "#sandbox/world/process-views.ts";
import { environments as configured } from "#sandbox/world/seed-platform.ts";
import { fillQuota, isQuotaFull, liftQuota } from "#sandbox/world/tight-quota.ts";
import type { Behaviour, ImageCatalogue } from "#sandbox/world/types.ts";
import { bigPodOf, type Fault, type World } from "#sandbox/world/world.ts";

export interface PodView {
  name: string;
  node: string;
  /** As kubectl's STATUS column: "Running", "CrashLoopBackOff", "ImagePullBackOff", … */
  status: string;
  ready: boolean;
  restarts: number;
  processes: readonly PodProcess[];
}

export interface BigPodView {
  name: string;
  /** Image references as the workload's template has them. */
  images: readonly string[];
  replicas: number;
  readyReplicas: number;
  pods: readonly PodView[];
  /** Processes that a fault of ours keeps crashing. */
  crashing: readonly string[];
}

export interface EnvironmentView {
  name: string;
  namespace: string;
  bigPods: readonly BigPodView[];
  /** A quota from here leaves no room for another pod. */
  quotaFull: boolean;
  /** The certificate of its Ingress ends in a few days. */
  certificateExpiring: boolean;
}

export interface NodeView {
  name: string;
  architecture: string;
  ready: boolean;
}

export interface WorldView {
  /** In the order releases go through them. */
  environments: readonly EnvironmentView[];
  nodes: readonly NodeView[];
  faults: readonly Fault[];
}

export interface BigPodTarget {
  environment: string;
  bigPod: string;
}

export interface ProcessTarget extends BigPodTarget {
  process: string;
  /** One pod only; default: all pods the Big Pod has now. Pods made later are healthy. */
  pod?: string;
}

/** The hands that break and mend the world. Every verb throws Refusal when its target does not exist. */
export interface WorldControl {
  view(): WorldView;
  /** Ends a process: once, or (lasting) again at each start until healed or the pod is replaced. */
  crash(target: ProcessTarget & { exitCode?: number; lastLine?: string }, lasting: boolean): void;
  heal(target: ProcessTarget): void;
  /** A fault of the Big Pod itself: new pods have it too, until `mend`. */
  breakBigPod(target: BigPodTarget & { container?: string }, behaviour: Behaviour): void;
  mend(target: BigPodTarget): void;
  setNodeDown(node: string, down: boolean): void;
  /** Share of the requested processor time in use (1.5 is 150 %); undefined: ordinary. */
  setCpuLoad(target: BigPodTarget, ratio: number | undefined): void;
  /** Sets the images of the containers that use the same repositories, as `kubectl set image` in a pipeline does. */
  deploy(environment: string, bigPod: string, images: readonly string[]): void;
  /** Reserves nearly all memory of every node, so that new pods do not fit. */
  fillCapacity(): void;
  /** A quota on the environment's namespace that what runs there uses up, or (`full` false) its end. */
  setQuotaFull(environment: string, full: boolean): void;
  /** The certificate of the environment's Ingress ends in five days and its renewal fails, or (`expiring` false) is as issued forty days ago. */
  setCertificateExpiring(environment: string, expiring: boolean): void;
  /** Ends every fault; brings back the images that a deployment from here replaced, unless others have changed them since. */
  putRight(): void;
}

const pipeline = "ci";
const defaultLastLine = "Error: connect ECONNREFUSED 10.0.0.21:5432 (postgres)";

export function createWorldControl({ store, catalogue, world, now = Date.now }: { store: Store; catalogue: ImageCatalogue; world: World; now?: () => number }): WorldControl {
  const memory = createDeployMemory(store);

  /** In the order releases go through them. */
  function environments(): { name: string; namespace: string }[] {
    const found = store.list("namespaces").flatMap((namespace) => {
      const name = namespace.metadata.labels?.environment;
      return name === undefined ? [] : [{ name, namespace: namespace.metadata.name }];
    });
    const order = configured.map(({ name }): string => name);
    const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
    return found.toSorted((left, right) => place(left.name) - place(right.name));
  }

  function environmentOf(environment: string): { name: string; namespace: string } {
    const found = environments().find((candidate) => candidate.name === environment);
    if (!found) throw new Refusal("not-found", `There is no environment "${environment}". There are: ${environments().map(({ name }) => name).join(", ")}.`);
    return found;
  }

  function deploymentOf({ environment, bigPod }: BigPodTarget): KubeObject {
    const { namespace } = environmentOf(environment);
    const serving = servingDeployments(store, namespace);
    const found = serving.find(({ name }) => name === bigPod);
    if (!found) throw new Refusal("not-found", `There is no Big Pod "${bigPod}" in ${environment}. There are: ${serving.map(({ name }) => name).join(", ")}.`);
    return found.deployment;
  }

  function podsOf(deployment: KubeObject): Pod[] {
    const sets = store.list("replicasets.apps", deployment.metadata.namespace).filter((set) => isControlledBy(set, deployment));
    return store.list("pods", deployment.metadata.namespace).map(asPod).filter((pod) => sets.some((set) => isControlledBy(pod, set)));
  }

  function targets(target: ProcessTarget): Pod[] {
    const pods = podsOf(deploymentOf(target));
    if (target.pod === undefined) return pods;
    const pod = pods.find((candidate) => candidate.metadata.name === target.pod);
    if (!pod) throw new Refusal("not-found", `There is no pod "${target.pod}" of ${target.bigPod} in ${target.environment}. There are: ${pods.map((candidate) => candidate.metadata.name).join(", ")}.`);
    return [pod];
  }

  function requireProcess(target: ProcessTarget, pods: readonly Pod[]): void {
    const names = new Set(pods.flatMap((pod) => processViews(world, pod).map((process) => process.name)));
    if (!names.has(target.process)) throw new Refusal("not-found", `There is no process "${target.process}" in ${target.bigPod} of ${target.environment}. There are: ${[...names].join(", ") || "none running"}.`);
  }

  function bigPodView({ name, deployment }: { name: string; deployment: KubeObject }): BigPodView {
    const containers: Container[] = deployment.spec.template.spec.containers;
    const pods = podsOf(deployment).map((pod): PodView => ({
      name: pod.metadata.name,
      node: pod.spec.nodeName ?? "",
      status: podStatusWord(pod),
      ready: isReady(pod),
      restarts: (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0),
      processes: processViews(world, pod),
    }));
    const crashing = new Set(podsOf(deployment).flatMap((pod) => processViews(world, pod).filter((process) => process.crashing).map((process) => process.name)));
    return { name, images: containers.map((container) => container.image), replicas: deployment.spec.replicas ?? 1, readyReplicas: deployment.status?.readyReplicas ?? 0, pods, crashing: [...crashing] };
  }

  function setImages(deployment: KubeObject, images: ReadonlyMap<string, string>, cause: string): void {
    store.modify("deployments.apps", deployment.metadata.namespace, deployment.metadata.name, { manager: pipeline }, (draft) => {
      const containers: Container[] = draft.spec.template.spec.containers;
      for (const container of containers) container.image = images.get(container.name) ?? container.image;
      draft.metadata.annotations = { ...draft.metadata.annotations, "kubernetes.io/change-cause": cause };
    });
  }

  const control: WorldControl = {
    view: () => ({
      environments: environments().map(({ name, namespace }) => ({ name, namespace, bigPods: servingDeployments(store, namespace).map(bigPodView), quotaFull: isQuotaFull(store, namespace), certificateExpiring: isCertificateExpiring(store, namespace, now()) })),
      nodes: store.list("nodes").map((node) => ({ name: node.metadata.name, architecture: node.metadata.labels?.["kubernetes.io/arch"] ?? "", ready: isNodeReady(node) })),
      faults: world.faults(),
    }),
    crash(target, lasting) {
      const pods = targets(target);
      requireProcess(target, pods);
      for (const pod of pods) world.crash(pod.metadata.uid, target.process, { exitCode: target.exitCode ?? 1, lastLine: target.lastLine ?? defaultLastLine }, lasting);
    },
    heal(target) {
      for (const pod of targets(target)) world.heal(pod.metadata.uid, target.process);
    },
    breakBigPod(target, behaviour) {
      const deployment = deploymentOf(target);
      const containers: Container[] = deployment.spec.template.spec.containers;
      if (target.container !== undefined && !containers.some((container) => container.name === target.container)) {
        throw new Refusal("not-found", `There is no container "${target.container}" in ${target.bigPod} of ${target.environment}. There are: ${containers.map((container) => container.name).join(", ")}.`);
      }
      const container = target.container ?? (behaviour.kind === "process-fatal" || behaviour.kind === "degraded" ? undefined : containers[0]?.name);
      world.setFault({ namespace: deployment.metadata.namespace ?? "", bigPod: bigPodName(deployment), behaviour, ...(container !== undefined && { container }) });
    },
    mend(target) {
      const deployment = deploymentOf(target);
      world.clearFaults(deployment.metadata.namespace ?? "", bigPodName(deployment));
      for (const pod of podsOf(deployment)) world.heal(pod.metadata.uid);
    },
    setNodeDown(name, down) {
      const node = store.modify("nodes", undefined, name, { manager: "sandbox-console" }, (draft) => {
        const { [downAnnotation]: _down, ...annotations } = draft.metadata.annotations ?? {};
        draft.metadata.annotations = down ? { ...annotations, [downAnnotation]: "true" } : annotations;
      });
      if (!node) throw new Refusal("not-found", `There is no node "${name}". There are: ${store.list("nodes").map((candidate) => candidate.metadata.name).join(", ")}.`);
    },
    setCpuLoad(target, ratio) {
      if (ratio !== undefined && !(ratio >= 0 && ratio <= 20)) throw new Refusal("invalid", "The load must be between 0 and 20 (1 is all the processor time that was requested).");
      const deployment = deploymentOf(target);
      world.setCpuLoad(deployment.metadata.namespace ?? "", bigPodName(deployment), ratio);
    },
    deploy(environment, bigPod, images) {
      const deployment = deploymentOf({ environment, bigPod });
      const containers: Container[] = deployment.spec.template.spec.containers;
      const wanted = new Map<string, string>();
      for (const image of images) {
        const matching = containers.filter((container) => repositoryOf(container.image) === repositoryOf(image));
        if (matching.length === 0) throw new Refusal("invalid", `No container of ${bigPod} in ${environment} runs ${repositoryOf(image)}. They run: ${containers.map((container) => repositoryOf(container.image)).join(", ")}.`);
        for (const container of matching) wanted.set(container.name, image);
      }
      memory.remember(deployment, wanted);
      setImages(deployment, wanted, `deploy ${images.map((image) => image.slice(image.lastIndexOf("/") + 1)).join(", ")}`);
    },
    fillCapacity: () => fillCapacity(store),
    setQuotaFull(environment, full) {
      const { namespace } = environmentOf(environment);
      if (full) fillQuota(store, namespace, now());
      else liftQuota(store, namespace);
    },
    setCertificateExpiring(environment, expiring) {
      setCertificateExpiring(store, environmentOf(environment).namespace, expiring, now());
    },
    putRight() {
      catalogue.registryDown = false;
      for (const fault of world.faults()) world.clearFaults(fault.namespace, fault.bigPod);
      for (const node of store.list("nodes")) if (node.metadata.annotations?.[downAnnotation] !== undefined) control.setNodeDown(node.metadata.name, false);
      for (const { namespace } of environments()) {
        liftQuota(store, namespace);
        if (isCertificateExpiring(store, namespace, now())) setCertificateExpiring(store, namespace, false, now());
        for (const deployment of store.list("deployments.apps", namespace)) {
          world.setCpuLoad(namespace, bigPodName(deployment), undefined);
          for (const pod of podsOf(deployment)) world.heal(pod.metadata.uid);
          const before = memory.takeBack(deployment);
          if (before) setImages(deployment, before, "put right by the sandbox's console");
        }
      }
      removeBallast(store);
    },
  };
  return control;
}

/** The name its pods carry: a fault must find pods that are not there yet. */
function bigPodName(deployment: KubeObject): string {
  return bigPodOf({ ...deployment.spec.template, apiVersion: "v1", kind: "Pod", metadata: { ...deployment.spec.template.metadata, name: deployment.metadata.name } });
}

function repositoryOf(image: string): string {
  return image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

import { createTestClock, type TestClock } from "#sandbox/controllers/clock-for-tests.test-support.ts";
import { asPod, isActive, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { asNew } from "#sandbox/controllers/object-keys.ts";
import { startControllers, type ControllerOptions } from "#sandbox/controllers/start.ts";
import { createStore } from "#sandbox/kube/store.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";
import { nodeObjects } from "#sandbox/world/seed-nodes.ts";
import type { Behaviour, ImageBuild, ImageCatalogue } from "#sandbox/world/types.ts";
import { createWorld, type World } from "#sandbox/world/world.ts";

export interface Lab {
  store: Store;
  catalogue: ImageCatalogue;
  world: World;
  clock: TestClock;
  errors: unknown[];
  pods(namespace?: string): Pod[];
  activePods(namespace?: string): Pod[];
  deployment(name: string, namespace?: string): KubeObject;
  events(reason: string): KubeObject[];
  stop(): void;
  /** The controllers and the world start anew on the same store, as after a restart of the sandbox. */
  restart(): void;
}

/** Numbers that look random and are the same in each run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** "app:v1" is healthy; others by `build`. Any reference of the seeded platform resolves, to a healthy build. */
export function createCatalogueForTests(): ImageCatalogue {
  const builds = new Map<string, ImageBuild>();
  return {
    registryDown: false,
    all: () => [...new Set(builds.values())],
    // The digest decides where there is one.
    resolve: (reference) => builds.get(reference.replace(/:[^:@/]+@/, "@")),
    add(build) {
      const { repository, tag } = build;
      let sum = 0;
      for (const character of `${repository}:${tag}`) sum = (sum * 31 + character.charCodeAt(0)) >>> 0;
      const sealed: ImageBuild = { ...build, digest: `sha256:${sum.toString(16).padStart(64, "0")}` };
      builds.set(`${repository}:${tag}`, sealed);
      builds.set(`${repository}@${sealed.digest}`, sealed);
      return sealed;
    },
  };
}

export function addBuild(catalogue: ImageCatalogue, reference: string, behaviour: Behaviour = { kind: "healthy" }, more: Partial<ImageBuild> = {}): ImageBuild {
  const colon = reference.lastIndexOf(":");
  return catalogue.add({ repository: reference.slice(0, colon), tag: reference.slice(colon + 1), platforms: ["linux/arm64", "linux/amd64"], revision: "0".repeat(40), source: "https://github.com/dreamscape-ai/example", createdAt: "2026-11-01T00:00:00Z", inRegistry: true, behaviour, ...more });
}

/** Three nodes, a namespace "test", and the controllers, all in standing time. */
export function createLab({ seed = 1, options = {} }: { seed?: number; options?: ControllerOptions } = {}): Lab {
  const clock = createTestClock();
  let uids = 0;
  const store = createStore({ now: () => clock.now(), newUid: () => `uid-${++uids}` });
  const catalogue = createCatalogueForTests();
  const errors: unknown[] = [];
  for (const node of nodeObjects(clock.now())) {
    store.create("nodes", asNew(node), { manager: "test" });
    store.modify("nodes", undefined, node.metadata.name, { manager: "test", subresource: "status" }, (draft) => {
      draft.status = structuredClone(node.status);
    });
  }
  for (const name of ["default", "kube-system", "kube-node-lease", "test"]) store.create("namespaces", asNew({ apiVersion: "v1", kind: "Namespace", metadata: { name } }), { manager: "test" });
  const begin = () => {
    const random = seededRandom(seed);
    const world = createWorld({ clock, random });
    const controllers = startControllers({ store, catalogue, world, random, clock, options: { onError: (_where, error) => errors.push(error), ...options } });
    return { world, controllers };
  };
  let running = begin();
  const lab: Lab = {
    store,
    catalogue,
    world: running.world,
    clock,
    errors,
    pods: (namespace = "test") => store.list("pods", namespace).map(asPod),
    activePods: (namespace = "test") => lab.pods(namespace).filter(isActive),
    deployment(name, namespace = "test") {
      const found = store.get("deployments.apps", namespace, name);
      if (!found) throw new Error(`no deployment ${name}`);
      return found;
    },
    events: (reason) => store.list("events").filter((event) => event.reason === reason),
    stop() {
      running.controllers.stop();
      running.world.stopAll();
    },
    restart() {
      lab.stop();
      running = begin();
      lab.world = running.world;
    },
  };
  return lab;
}

export interface DeploymentInput {
  name?: string;
  image?: string;
  replicas?: number;
  strategy?: Record<string, unknown>;
  progressDeadlineSeconds?: number;
  revisionHistoryLimit?: number;
  container?: Record<string, unknown>;
  spec?: Record<string, unknown>;
}

/** A Deployment of one container that is ready a second after its start. */
export function createDeployment(store: Store, { name = "app", image = "registry.example/app:v1", replicas = 2, strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, progressDeadlineSeconds = 60, revisionHistoryLimit = 10, container = {}, spec = {} }: DeploymentInput = {}): KubeObject {
  return store.create("deployments.apps", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "test" } as KubeObject["metadata"],
    spec: {
      replicas,
      strategy,
      progressDeadlineSeconds,
      revisionHistoryLimit,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          ...spec,
          containers: [{ name: "main", image, imagePullPolicy: "IfNotPresent", ports: [{ name: "http", containerPort: 8080 }], readinessProbe: { httpGet: { path: "/health", port: 8080 }, initialDelaySeconds: 1, periodSeconds: 2, failureThreshold: 3 }, ...container }],
        },
      },
    },
  }, { manager: "test" });
}

/** Limits what the namespace "test" may use. */
export function createQuota(store: Store, hard: Record<string, string>): void {
  store.create("resourcequotas", asNew({ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "compute", namespace: "test" }, spec: { hard } }), { manager: "test" });
}

export function setImage(store: Store, image: string, name = "app"): void {
  store.modify("deployments.apps", "test", name, { manager: "test" }, (draft) => {
    draft.spec.template.spec.containers[0].image = image;
  });
}

/** `kubectl rollout status` would say it is done. */
export function isRolledOut(deployment: KubeObject): boolean {
  const { status = {}, spec, metadata } = deployment;
  return (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) && (status.updatedReplicas ?? 0) === spec.replicas && (status.replicas ?? 0) === spec.replicas && (status.availableReplicas ?? 0) === spec.replicas;
}

export function conditionReason(object: KubeObject, type: string): string | undefined {
  const conditions: { type: string; reason?: string }[] = object.status?.conditions ?? [];
  return conditions.find((condition) => condition.type === type)?.reason;
}

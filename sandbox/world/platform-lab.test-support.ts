import { addBuild, createLab, type Lab } from "#sandbox/controllers/lab.test-support.ts";
import { isReady, type Pod } from "#sandbox/controllers/pod-shape.ts";
import type { NodeBackend } from "#sandbox/kube/types.ts";
import { createWorldControl, type WorldControl } from "#sandbox/world/control.ts";
import { createNodeBackend } from "#sandbox/world/node-backend.ts";
import { seedPlatform } from "#sandbox/world/seed.ts";

const images = [
  "nginx:1.27.2", "auth-service:v1.5.0", "auth-service:v1.5.1", "auth-service:v1.5.2", "auth-service:v1.6.0-rc.2",
  "user-service:v1.5.0", "user-service:v1.5.1", "user-service:v1.5.2", "user-service:v1.6.0-rc.2", "health-monitor:v1.0.3",
  "experience-pod:v2.2.0", "experience-pod:v2.2.1", "experience-pod:v2.3.0", "commerce-pod:v0.9.3", "commerce-pod:v0.9.4", "db-backup:v0.3.1",
];

export interface PlatformLab extends Lab {
  control: WorldControl;
  backend: NodeBackend;
  bigPod(environment: string, name: string): Pod[];
  /** GET through the node back end. */
  get(pod: Pod, port: number, path?: string): Promise<{ status: number; body: string; headers: Record<string, string> }>;
  /** Lines already written. */
  lines(pod: Pod, container: string, options?: Partial<Parameters<NodeBackend["logs"]>[2]>): Promise<string[]>;
}

/** The seeded platform with all its pods ready. */
export function createPlatformLab(): PlatformLab {
  const lab = createLab();
  for (const image of images) addBuild(lab.catalogue, `ghcr.io/dreamscape-ai/${image}`);
  addBuild(lab.catalogue, "ghcr.io/dreamscape-ai/experience-pod:fatal", { kind: "process-fatal", process: "panorama", exitCode: 1, lastLine: "RangeError: Invalid tile size: 0" });
  addBuild(lab.catalogue, "ghcr.io/dreamscape-ai/experience-pod:v2.4.0", { kind: "needs-setting", variable: "PANORAMA_TILE_URL", exitCode: 1, lastLine: "PANORAMA_TILE_URL is not set" });
  addBuild(lab.catalogue, "ghcr.io/dreamscape-ai/experience-pod:broken", { kind: "exits", exitCode: 1, lastLine: "Error: Cannot find module" });
  seedPlatform(lab.store, lab.catalogue, { now: lab.clock.now });
  const all = () => ["dev", "staging", "prod"].flatMap((environment) => lab.pods(`dreamscape-${environment}`));
  lab.clock.runUntil(() => all().length === 15 && all().every(isReady), 20_000);
  lab.clock.run(10);
  const backend: NodeBackend = createNodeBackend({ store: lab.store, world: lab.world, clock: lab.clock });
  return {
    ...lab,
    backend,
    control: createWorldControl({ store: lab.store, catalogue: lab.catalogue, world: lab.world, now: lab.clock.now }),
    bigPod: (environment, name) => lab.activePods(`dreamscape-${environment}`).filter((pod) => pod.metadata.labels?.["app.kubernetes.io/name"] === name),
    get: (pod, port, path = "/health") => backend.proxy(pod, port, { method: "GET", path, headers: {}, body: Buffer.alloc(0) }),
    async lines(pod, container, options = {}) {
      const lines: string[] = [];
      for await (const line of backend.logs(pod, container, { follow: false, previous: false, timestamps: false, ...options }, new AbortController().signal)) lines.push(line);
      return lines;
    },
  };
}

export function firstOf<Item>(items: readonly Item[]): Item {
  const [first] = items;
  if (first === undefined) throw new Error("nothing there");
  return first;
}

import { createHash } from "node:crypto";
import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import type { HealthInput } from "#lib/domain/health.ts";

/** Kubernetes objects for tests of the rules, shaped as a real API server sends them. */

export const testNow = new Date("2026-11-21T14:10:00.000Z");
export const ago = (seconds: number): string => new Date(testNow.getTime() - seconds * 1000).toISOString();
export const digestOf = (seed: string): string => `sha256:${createHash("sha256").update(seed).digest("hex")}`;

export const core: BigPodConfig = {
  name: "core",
  title: "Core",
  workload: { kind: "Deployment", name: "core" },
  services: [
    { name: "nginx", container: "nginx", port: 80 },
    { name: "auth", container: "auth" },
    { name: "user", container: "user" },
  ],
};

export const experience: BigPodConfig = {
  name: "experience",
  title: "Experience",
  workload: { kind: "Deployment", name: "experience" },
  monitor: { port: 9000, path: "/health" },
  services: [
    { name: "voyage", process: "voyage" },
    { name: "ai", process: "ai" },
    { name: "panorama", process: "panorama" },
  ],
};

const registry = "ghcr.io/dreamscape-ai";
export const coreImages = (version: string): Record<string, string> => ({ nginx: `${registry}/nginx:1.27.2`, auth: `${registry}/auth:${version}`, user: `${registry}/user:${version}` });
export const experienceImages = (version: string): Record<string, string> => ({ experience: `${registry}/experience-pod:${version}` });

export function templateFor(app: string, images: Record<string, string>, annotations: Record<string, string> = {}): Record<string, unknown> {
  return {
    metadata: { labels: { app }, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      containers: Object.entries(images).map(([name, image]) => ({ name, image, envFrom: [{ configMapRef: { name: `${app}-config` } }], resources: { limits: { memory: "512Mi" } } })),
      restartPolicy: "Always",
    },
  };
}

export interface DeploymentOptions {
  replicas?: number;
  generation?: number;
  observed?: number;
  status?: Record<string, unknown>;
  spec?: Record<string, unknown>;
  reason?: string;
  conditions?: Record<string, unknown>[];
  annotations?: Record<string, string>;
  templateAnnotations?: Record<string, string>;
  uid?: string;
}

/** Complete and available unless the options say otherwise. */
export function deployment(name: string, images: Record<string, string>, options: DeploymentOptions = {}): RawObject {
  const replicas = options.replicas ?? 2;
  const generation = options.generation ?? 1;
  const conditions = options.conditions ?? [
    { type: "Available", status: "True", reason: "MinimumReplicasAvailable", lastTransitionTime: ago(7200) },
    { type: "Progressing", status: options.reason === "ProgressDeadlineExceeded" ? "False" : "True", reason: options.reason ?? "NewReplicaSetAvailable", message: `ReplicaSet "${name}-a" has successfully progressed.`, lastTransitionTime: ago(7200) },
  ];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "dreamscape-prod", uid: options.uid ?? `uid-${name}`, generation, creationTimestamp: ago(90_000), annotations: { "deployment.kubernetes.io/revision": "1", ...options.annotations } },
    spec: { replicas, progressDeadlineSeconds: 120, template: templateFor(name, images, options.templateAnnotations), ...options.spec },
    status: { observedGeneration: options.observed ?? generation, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas, conditions, ...options.status },
  };
}

export function replicaSet(owner: RawObject, suffix: string, images: Record<string, string>, revision = 1): RawObject {
  const template = templateFor(owner.metadata.name, images);
  (template["metadata"] as Record<string, unknown>)["labels"] = { app: owner.metadata.name, "pod-template-hash": suffix };
  return {
    metadata: { name: `${owner.metadata.name}-${suffix}`, uid: `rs-${owner.metadata.name}-${suffix}`, annotations: { "deployment.kubernetes.io/revision": String(revision) }, ownerReferences: [{ kind: "Deployment", name: owner.metadata.name, uid: owner.metadata.uid, controller: true }] },
    spec: { template },
  };
}

export interface PodOptions {
  ready?: boolean;
  ageSeconds?: number;
  /** By container name; merged over a running, ready status. */
  containers?: Record<string, Record<string, unknown>>;
  conditions?: Record<string, unknown>[];
  phase?: string;
  terminating?: boolean;
  noStatuses?: boolean;
  digest?: string;
}

export function pod(set: RawObject, suffix: string, images: Record<string, string>, options: PodOptions = {}): RawObject {
  const ageSeconds = options.ageSeconds ?? 3600;
  const ready = options.ready ?? true;
  const name = `${set.metadata.name}-${suffix}`;
  return {
    metadata: {
      name,
      uid: `pod-${name}`,
      creationTimestamp: ago(ageSeconds),
      ...(options.terminating ? { deletionTimestamp: ago(1) } : {}),
      ownerReferences: [{ kind: "ReplicaSet", name: set.metadata.name, uid: set.metadata.uid, controller: true }],
    },
    spec: { nodeName: "arm-1", containers: Object.entries(images).map(([container, image]) => ({ name: container, image, resources: { limits: { memory: "512Mi" } } })) },
    status: {
      phase: options.phase ?? "Running",
      startTime: ago(ageSeconds),
      conditions: options.conditions ?? [{ type: "PodScheduled", status: "True" }, { type: "Ready", status: ready ? "True" : "False", lastTransitionTime: ago(ageSeconds), ...(ready ? {} : { reason: "ContainersNotReady", message: "containers with unready status" }) }],
      ...(options.noStatuses
        ? {}
        : {
            containerStatuses: Object.entries(images).map(([container, image]) => ({
              name: container,
              image,
              imageID: `${image.replace(/@.*$/, "").replace(/:[^:/]*$/, "")}@${options.digest ?? digestOf(image)}`,
              ready,
              restartCount: 0,
              state: { running: { startedAt: ago(ageSeconds) } },
              lastState: {},
              ...options.containers?.[container],
            })),
          }),
    },
  };
}

export function event(on: RawObject, kind: string, reason: string, message: string, secondsAgo = 5): RawObject {
  return { metadata: { name: `${on.metadata.name}.${reason}`, uid: `event-${on.metadata.name}-${reason}` }, involvedObject: { kind, name: on.metadata.name, uid: on.metadata.uid }, type: "Warning", reason, message, lastTimestamp: ago(secondsAgo) };
}

/** Container status fields of common failures. */
export const crashing = (exitCode: number, extra: { restarts?: number; reason?: string; message?: string } = {}): Record<string, unknown> => ({
  ready: false,
  restartCount: extra.restarts ?? 3,
  state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" } },
  lastState: { terminated: { exitCode, reason: extra.reason ?? "Error", ...(extra.message === undefined ? {} : { message: extra.message }), startedAt: ago(30), finishedAt: ago(20) } },
});

export function health(services: Record<string, Record<string, { status: "up" | "down" | "degraded" | "starting" | "unknown"; detail: string | null }>>, options: Partial<HealthInput> & { at?: string } = {}): HealthInput {
  return { status: options.status ?? "live", reason: options.reason ?? null, byPod: new Map(Object.entries(services).map(([podName, found]) => [`pod-${podName}`, { at: options.at ?? ago(1), services: found }])) };
}

export const allUp = { voyage: { status: "up", detail: null }, ai: { status: "up", detail: null }, panorama: { status: "up", detail: null } } as const;

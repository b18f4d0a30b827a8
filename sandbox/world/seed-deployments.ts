import type { NewObject } from "#sandbox/controllers/object-keys.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";
import { daysAgo } from "#sandbox/world/seed-parts.ts";
import { imageOf, type BigPodSeed, type ContainerSeed, type EnvironmentSeed } from "#sandbox/world/seed-platform.ts";

export const changeCause = "kubernetes.io/change-cause";

function containerObject(seed: ContainerSeed, tag: string, bigPod: string, catalogue: ImageCatalogue) {
  const image = imageOf(seed, tag);
  if (!catalogue.resolve(image)) throw new Error(`The platform's seed names ${image}, which the image catalogue does not have. Add that build to the catalogue's DreamScape builds.`);
  const probe = seed.probe.path === undefined ? { tcpSocket: { port: seed.probe.port } } : { httpGet: { path: seed.probe.path, port: seed.probe.port, scheme: "HTTP" } };
  return {
    name: seed.name,
    image,
    imagePullPolicy: "IfNotPresent",
    ports: seed.ports.map((port) => ({ ...port, protocol: "TCP" })),
    envFrom: [{ configMapRef: { name: `${bigPod}-config` } }],
    resources: { requests: { ...seed.requests }, limits: { ...seed.limits } },
    readinessProbe: { ...probe, initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
    livenessProbe: { ...structuredClone(probe), initialDelaySeconds: 15, periodSeconds: 10, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 6 },
  };
}

/** Labels of everything that belongs to a Big Pod. */
export function bigPodLabels(bigPod: string, environment: EnvironmentSeed): Record<string, string> {
  return { "app.kubernetes.io/name": bigPod, "app.kubernetes.io/instance": `${bigPod}-${environment.name}`, "app.kubernetes.io/part-of": "dreamscape", "app.kubernetes.io/managed-by": "github-actions" };
}

/** The pod template of a Big Pod at one version. */
export function podTemplate(environment: EnvironmentSeed, bigPod: BigPodSeed, tag: string, catalogue: ImageCatalogue) {
  return {
    metadata: { labels: { "app.kubernetes.io/name": bigPod.name, "app.kubernetes.io/part-of": "dreamscape", "app.kubernetes.io/version": tag } },
    spec: {
      nodeSelector: { "kubernetes.io/arch": "arm64" },
      terminationGracePeriodSeconds: 30,
      containers: bigPod.containers.map((container) => containerObject(container, tag, bigPod.name, catalogue)),
    },
  };
}

/** The Deployment of a Big Pod as its pipeline last wrote it. */
export function deploymentObject(environment: EnvironmentSeed, bigPod: BigPodSeed, catalogue: ImageCatalogue, nowMs: number): NewObject {
  const versions = environment.versions[bigPod.name];
  const current = versions[0];
  if (!current) throw new Error(`The platform's seed has no version of ${bigPod.name} in ${environment.name}.`);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: bigPod.name,
      namespace: environment.namespace,
      creationTimestamp: daysAgo(nowMs, Math.max(...versions.map((version) => version.ageDays)) + 1),
      labels: { ...bigPodLabels(bigPod.name, environment), "app.kubernetes.io/version": current.tag },
      annotations: { [changeCause]: current.note },
    },
    spec: {
      replicas: environment.replicas,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 60,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: { "app.kubernetes.io/name": bigPod.name } },
      template: podTemplate(environment, bigPod, current.tag, catalogue),
    },
  };
}

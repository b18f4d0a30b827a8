/** What DreamScape runs where: data only. */

export interface EnvironmentSeed {
  name: "dev" | "staging" | "prod";
  namespace: string;
  replicas: number;
  logLevel: string;
  /** Version of each Big Pod, newest first: what runs now, then what ran before, with the age of its rollout in days. */
  versions: Record<BigPodName, readonly { tag: string; ageDays: number; note: string }[]>;
}

export type BigPodName = "core" | "experience" | "commerce";

export interface ContainerSeed {
  name: string;
  /** Last part of ghcr.io/dreamscape-ai/…. */
  image: string;
  /** A fixed tag; without it the Big Pod's version is the tag. */
  tag?: string;
  ports: readonly { name: string; containerPort: number }[];
  /** Asked by the readiness and liveness probes: a path over HTTP, or only whether the port is open. */
  probe: { port: string; path?: string };
  requests: { cpu: string; memory: string };
  limits: { cpu: string; memory: string };
}

export interface BigPodSeed {
  name: BigPodName;
  servicePort: string;
  ingressPath: string;
  containers: readonly ContainerSeed[];
}

export const registry = "ghcr.io/dreamscape-ai";

const small = { requests: { cpu: "25m", memory: "48Mi" }, limits: { cpu: "200m", memory: "128Mi" } };
const service = { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "400m", memory: "256Mi" } };

export const bigPods: readonly BigPodSeed[] = [
  {
    name: "core",
    servicePort: "http",
    ingressPath: "/api",
    containers: [
      { name: "nginx", image: "nginx", tag: "1.27.2", ports: [{ name: "http", containerPort: 80 }], probe: { port: "http", path: "/health" }, ...small },
      { name: "auth-service", image: "auth-service", ports: [{ name: "auth", containerPort: 3001 }], probe: { port: "auth", path: "/health" }, ...service },
      { name: "user-service", image: "user-service", ports: [{ name: "user", containerPort: 3002 }], probe: { port: "user", path: "/health" }, ...service },
      // Its own answer turns 503 with its neighbours', so the probe asks only whether it listens.
      { name: "health-monitor", image: "health-monitor", tag: "v1.0.3", ports: [{ name: "monitor", containerPort: 9000 }], probe: { port: "monitor" }, ...small },
    ],
  },
  {
    name: "experience",
    servicePort: "voyage",
    ingressPath: "/",
    containers: [
      {
        name: "experience",
        image: "experience-pod",
        ports: [{ name: "voyage", containerPort: 3003 }, { name: "ai", containerPort: 3005 }, { name: "panorama", containerPort: 3006 }, { name: "supervisor", containerPort: 9000 }],
        // The probe knows only the supervisor: a process that is given up leaves the pod Ready.
        probe: { port: "supervisor" },
        requests: { cpu: "150m", memory: "384Mi" },
        limits: { cpu: "800m", memory: "512Mi" },
      },
    ],
  },
  {
    name: "commerce",
    servicePort: "payment",
    ingressPath: "/shop",
    containers: [
      {
        name: "commerce",
        image: "commerce-pod",
        ports: [{ name: "payment", containerPort: 3004 }, { name: "analytics", containerPort: 3007 }, { name: "supervisor", containerPort: 9000 }],
        probe: { port: "supervisor" },
        requests: { cpu: "80m", memory: "160Mi" },
        limits: { cpu: "500m", memory: "320Mi" },
      },
    ],
  },
];

/** The image of a container at one version of its Big Pod. */
export function imageOf(container: ContainerSeed, version: string): string {
  return `${registry}/${container.image}:${container.tag ?? version}`;
}

const commerce = (ageDays: number) => [
  { tag: "v0.9.4", ageDays, note: "commerce v0.9.4: idempotent payment webhooks" },
  { tag: "v0.9.3", ageDays: ageDays + 26, note: "commerce v0.9.3: analytics batches" },
];

export const environments: readonly EnvironmentSeed[] = [
  {
    name: "dev",
    namespace: "dreamscape-dev",
    replicas: 1,
    logLevel: "debug",
    versions: {
      core: [
        { tag: "v1.6.0-rc.2", ageDays: 1.3, note: "core v1.6.0-rc.2: passkey sign-in, second try" },
        { tag: "v1.5.2", ageDays: 6, note: "core v1.5.2: refresh tokens rotate" },
        { tag: "v1.5.1", ageDays: 33, note: "core v1.5.1: rate limits per account" },
      ],
      experience: [
        { tag: "v2.3.0", ageDays: 5.2, note: "experience v2.3.0: streamed panoramas" },
        { tag: "v2.2.1", ageDays: 35, note: "experience v2.2.1: faster itineraries" },
        { tag: "v2.2.0", ageDays: 63, note: "experience v2.2.0: recommendations by season" },
      ],
      commerce: commerce(30),
    },
  },
  {
    name: "staging",
    namespace: "dreamscape-staging",
    replicas: 2,
    logLevel: "info",
    versions: {
      core: [
        { tag: "v1.5.2", ageDays: 5, note: "core v1.5.2: refresh tokens rotate" },
        { tag: "v1.5.1", ageDays: 31, note: "core v1.5.1: rate limits per account" },
        { tag: "v1.5.0", ageDays: 58, note: "core v1.5.0: user preferences" },
      ],
      experience: [
        { tag: "v2.3.0", ageDays: 4.1, note: "experience v2.3.0: streamed panoramas" },
        { tag: "v2.2.1", ageDays: 32, note: "experience v2.2.1: faster itineraries" },
        { tag: "v2.2.0", ageDays: 60, note: "experience v2.2.0: recommendations by season" },
      ],
      commerce: commerce(28),
    },
  },
  {
    name: "prod",
    namespace: "dreamscape-prod",
    replicas: 2,
    logLevel: "warn",
    versions: {
      core: [
        { tag: "v1.5.1", ageDays: 27, note: "October window: core v1.5.1" },
        { tag: "v1.5.0", ageDays: 55, note: "September window: core v1.5.0" },
      ],
      experience: [
        { tag: "v2.2.1", ageDays: 27, note: "October window: experience v2.2.1" },
        { tag: "v2.2.0", ageDays: 55, note: "September window: experience v2.2.0" },
      ],
      commerce: [
        { tag: "v0.9.4", ageDays: 26.9, note: "October window: commerce v0.9.4" },
        { tag: "v0.9.3", ageDays: 55, note: "September window: commerce v0.9.3" },
      ],
    },
  },
];

import type { Pod } from "#sandbox/controllers/pod-shape.ts";

/** A process that an image runs. */
export interface ProcessSpec {
  name: string;
  port?: number;
  /** Resident size at rest, in MiB. */
  memoryMi: number;
  /** What its log tells of while all is well; "{n}" becomes a number. */
  activities: readonly string[];
}

export interface ImageProfile {
  /** A supervisor is the container's first process: a child that dies is restarted or given up, the container goes on. */
  supervised: boolean;
  /** Where the supervisor (or the monitor container) reports the state of all processes. */
  healthPort?: number;
  /** The processes it reports on: its own children, or those of the pod's other containers. */
  watches: "children" | "pod";
  processes: readonly ProcessSpec[];
}

const nginx: ProcessSpec = { name: "nginx", port: 80, memoryMi: 18, activities: ["GET /api/users/me", "GET /api/voyages?page={n}", "POST /api/auth/login", "GET /", "GET /api/offers/{n}"] };
const auth: ProcessSpec = { name: "auth", port: 3001, memoryMi: 74, activities: ["POST /auth/login 200 {n}ms", "POST /auth/refresh 200 {n}ms", "session verified in {n}ms", "GET /auth/jwks 200 {n}ms"] };
const user: ProcessSpec = { name: "user", port: 3002, memoryMi: 81, activities: ["GET /users/me 200 {n}ms", "PATCH /users/preferences 200 {n}ms", "cache hit user:{n}", "GET /users/{n}/favourites 200"] };

const profiles: Record<string, ImageProfile> = {
  "core-pod": { supervised: true, healthPort: 9000, watches: "children", processes: [nginx, auth, user] },
  nginx: { supervised: false, watches: "children", processes: [nginx] },
  "auth-service": { supervised: false, watches: "children", processes: [auth] },
  "user-service": { supervised: false, watches: "children", processes: [user] },
  "health-monitor": {
    supervised: false,
    healthPort: 9000,
    watches: "pod",
    processes: [{ name: "monitor", port: 9000, memoryMi: 22, activities: ["all checks pass", "checked 3 processes in {n}ms"] }],
  },
  "experience-pod": {
    supervised: true,
    healthPort: 9000,
    watches: "children",
    processes: [
      { name: "voyage", port: 3003, memoryMi: 96, activities: ["GET /voyages?page={n} 200", "itinerary {n} built in 41ms", "search Lisbon: {n} results", "GET /voyages/{n} 200 18ms"] },
      { name: "ai", port: 3005, memoryMi: 148, activities: ["recommendation for user {n} in 212ms", "embedding batch of {n} done", "model warm, p95 {n}ms"] },
      { name: "panorama", port: 3006, memoryMi: 122, activities: ["tile 4/{n}/7 rendered", "GET /panoramas/{n} 200 63ms", "scene {n} streamed"] },
    ],
  },
  "commerce-pod": {
    supervised: true,
    healthPort: 9000,
    watches: "children",
    processes: [
      { name: "payment", port: 3004, memoryMi: 88, activities: ["payment intent {n} confirmed", "POST /payments 201 {n}ms", "webhook charge.succeeded {n}", "GET /payments/{n} 200"] },
      { name: "analytics", port: 3007, memoryMi: 64, activities: ["flushed {n} events", "funnel recomputed in {n}ms", "GET /analytics/daily 200"] },
    ],
  },
  "db-backup": { supervised: false, watches: "children", processes: [{ name: "backup", memoryMi: 40, activities: ["dumped {n} MiB"] }] },
};

/** What runs in a container: by the last part of the image's repository, else one process of the container's name on its first port. */
export function profileOf(repository: string, pod: Pod, container: string): ImageProfile {
  const known = profiles[repository.slice(repository.lastIndexOf("/") + 1)];
  if (known) return known;
  const port = pod.spec.containers.find((candidate) => candidate.name === container)?.ports?.[0]?.containerPort;
  return { supervised: false, watches: "children", processes: [{ name: container, memoryMi: 60, activities: ["GET / 200 {n}ms", "tick {n}"], ...(port !== undefined && { port }) }] };
}

import { configSchema } from "#lib/contracts/config.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import type { Database } from "#lib/db/client.ts";

/** Facts as a worker would have written them, for tests of the services: two Big Pods in staging and prod of one cluster. */

export const repository = "ghcr.io/dreamscape-ai/experience-pod";
export const person: Actor = { kind: "person", id: "u1", name: "Rafael", grants: [{ role: "releaser", environments: "*" }] };
export const viewer: Actor = { kind: "person", id: "u2", name: "Vera", grants: [{ role: "viewer", environments: "*" }] };

export function testConfig(registryUrl: string) {
  const environment = (name: string) => ({ name, cluster: { kubeconfig: "kubeconfig" }, namespace: `test-${name}` });
  return configSchema.parse({
    platform: { name: "Test" },
    environments: [environment("dev"), environment("staging"), environment("prod")],
    bigPods: ["experience", "commerce"].map((name) => ({ name, workload: { name }, services: [{ name: "app", container: "app" }] })),
    registries: [{ host: "ghcr.io", url: registryUrl }],
    server: { limits: { guessesPerMinute: 100_000, changesPerMinute: 100_000, webhooksPerMinute: 100_000 } },
    access: { providers: [{ id: "x", kind: "github", title: "GitHub", clientId: "a", clientSecret: "env:X" }], roles: [{ role: "admin", groups: ["a"] }], recentSignInMinutes: 0 },
  });
}

export interface Build {
  tag: string;
  digest: string;
}

export function bigPodState(environment: string, bigPod: string, build: Build, change: Partial<BigPodState> = {}): BigPodState {
  const now = new Date().toISOString();
  return {
    environment, bigPod, status: "healthy", cause: null, evidence: [], since: now, version: build.tag,
    images: [{ container: "app", reference: `${repository}:${build.tag}`, repository, tag: build.tag, digest: build.digest }],
    replicas: { desired: 2, updated: 2, ready: 2, available: 2, total: 2 }, rollout: null,
    services: [{ name: "app", kind: "container", status: "up", detail: null, restarts: 0 }], pods: [], restarts: 0,
    workload: { kind: "Deployment", name: bigPod, uid: `${environment}-${bigPod}`, generation: 3 }, sources: [`test/${environment}/pods`], observedAt: now, colour: null,
    ...change,
  };
}

export function sealed(bigPod: string, environment: string, build: Build, change: { level?: string; memory?: string; nodeSelector?: Record<string, string> } = {}): SealedBigPod {
  const image = `${repository}:${build.tag}@${build.digest}`;
  return {
    workload: { kind: "Deployment", name: bigPod, uid: `${environment}-${bigPod}` },
    images: [{ container: "app", repository, tag: build.tag, digest: build.digest as `sha256:${string}`, revision: null, source: null }],
    template: {
      metadata: { labels: { app: bigPod } },
      spec: {
        containers: [{ name: "app", image, resources: { limits: { memory: change.memory ?? "256Mi" } }, env: [{ name: "API_KEY", value: "planted-secret" }], envFrom: [{ configMapRef: { name: `${bigPod}-config` } }] }],
        ...(change.nodeSelector === undefined ? {} : { nodeSelector: change.nodeSelector }),
      },
    },
    configMaps: [{ name: `${bigPod}-config`, data: { LOG_LEVEL: change.level ?? "info" }, binaryData: {} }],
  };
}

export async function writeState(db: Database, state: BigPodState): Promise<void> {
  const row = { status: state.status, state: asJson(state), since: new Date(state.since), position: 1n, updatedAt: new Date() };
  await db.bigPodStateRow.upsert({ where: { environment_bigPod: { environment: state.environment, bigPod: state.bigPod } }, create: { environment: state.environment, bigPod: state.bigPod, ...row }, update: row });
}

/** Records a release and makes it the environment's current one. Returns its number. */
export async function recordRelease(db: Database, environment: string, bigPods: Record<string, SealedBigPod>, options: { number?: number; settled?: boolean; contentHash?: string; current?: boolean } = {}): Promise<number> {
  const contentHash = options.contentHash ?? JSON.stringify(bigPods);
  const number = options.number ?? (await db.releaseNumber.create({ data: { imagesHash: contentHash, createdAt: new Date() } })).number;
  await db.releaseRecord.create({ data: { environment, contentHash, number, imagesHash: contentHash, content: asJson({ environment, bigPods }), seenAt: new Date(), healthyAt: new Date(), by: "test" } });
  if (options.current === false) return number;
  const current = { number, contentHash, since: new Date(), settled: options.settled ?? true, position: 1n };
  await db.environmentRelease.upsert({ where: { environment }, create: { environment, ...current }, update: current });
  return number;
}

/** A worker that was seen just now, and sources that are live. */
export async function watched(db: Database, status: "live" | "down" = "live"): Promise<void> {
  await db.$executeRaw`INSERT INTO lease VALUES ('observer', 'test', 1, clock_timestamp(), clock_timestamp() + interval '1 hour', clock_timestamp() + interval '1 hour') ON CONFLICT (name) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`;
  for (const environment of ["staging", "prod"]) {
    const key = `test/${environment}/pods`;
    const row = { state: asJson({ key, environment, title: "Pods", status, since: new Date().toISOString(), contactAt: null, reason: status === "live" ? null : "connection refused", required: true }), position: 1n, updatedAt: new Date() };
    await db.sourceRow.upsert({ where: { key }, create: { key, ...row }, update: row });
  }
}

import { configSchema } from "#lib/contracts/config.ts";
import type { Config } from "#lib/contracts/config.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import type { HealthInput } from "#lib/domain/health.ts";
import { deployment, pod, replicaSet } from "#lib/domain/test-objects.ts";
import type { DeploymentOptions } from "#lib/domain/test-objects.ts";
import { controllerOf } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { unknownSurroundings } from "#lib/domain/surroundings.ts";
import type { Surroundings } from "#lib/domain/surroundings.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { RegistryApi } from "#lib/ports/registry.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { watchedKinds } from "#lib/worker/watchers/watching.ts";
import type { StartWatching, WatchedKind, Watcher } from "#lib/worker/watchers/watching.ts";

/** Parts for tests of the worker: a silent log, a small platform, and objects that the test itself puts into the watchers. */

export const silentLog: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silentLog };

export const testConfig: Config = configSchema.parse({
  platform: { name: "Test" },
  environments: [
    { name: "staging", cluster: { inCluster: true }, namespace: "dreamscape-staging" },
    { name: "prod", cluster: { inCluster: true }, namespace: "dreamscape-prod" },
  ],
  bigPods: [
    { name: "core", title: "Core", workload: { name: "core" }, services: [{ name: "nginx", container: "nginx" }, { name: "auth", container: "auth" }, { name: "user", container: "user" }] },
    { name: "experience", title: "Experience", workload: { name: "experience" }, services: [{ name: "experience", container: "experience" }] },
  ],
  access: { providers: [{ kind: "github", id: "github", title: "GitHub", clientId: "x", clientSecret: "env:X" }], roles: [{ role: "viewer", users: ["a@example.org"] }], recentSignInMinutes: 0 },
});

export function registryWith(revisions: Record<string, string>): RegistryApi {
  return { inspect: async ({ digest }) => (revisions[digest] === undefined ? null : { digest, platforms: ["linux/arm64"], revision: revisions[digest] ?? null, source: "https://example.org/repo", version: null, createdAt: null }) };
}

export interface FedEnvironment {
  put(kind: WatchedKind, object: RawObject & { [field: string]: unknown }): void;
  remove(kind: WatchedKind, uid: string): void;
  clear(): void;
  source(kind: WatchedKind, change: Partial<SourceState>): void;
  health(input: HealthInput | null): void;
  surroundings(known: Partial<Surroundings>): void;
  namespaceMissingIn(cluster: string | null): void;
  /** How many watchings are open now. */
  open(): number;
}

/** Watchers that the test feeds; each put counts the resourceVersion up. */
export function createFeed(): { start: StartWatching; of(environment: string): FedEnvironment } {
  let version = 0;
  const environments = new Map<string, ReturnType<typeof create>>();

  function create(environment: string) {
    const items = Object.fromEntries(watchedKinds.map((kind) => [kind, new Map<string, ClusterObject>()])) as Record<WatchedKind, Map<string, ClusterObject>>;
    const sources = Object.fromEntries(
      watchedKinds.map((kind): [WatchedKind, SourceState] => [kind, { key: `lab/${environment}/${kind}`, environment, title: `${kind} of ${environment}`, status: "live", since: "2026-11-21T10:00:00.000Z", contactAt: "2026-11-21T10:00:00.000Z", reason: null, required: ["deployments", "replicaSets", "pods"].includes(kind) }]),
    ) as Record<WatchedKind, SourceState>;
    const listeners = new Set<() => void>();
    let healthInput: HealthInput | null = null;
    let missingIn: string | null = null;
    let surroundings = unknownSurroundings;
    const changed = (): void => {
      for (const listener of listeners) listener();
    };
    const fed: FedEnvironment = {
      put(kind, object) {
        version += 1;
        items[kind].set(object.metadata.uid, { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
        changed();
      },
      remove(kind, uid) {
        items[kind].delete(uid);
        changed();
      },
      clear() {
        for (const kind of watchedKinds) items[kind].clear();
        changed();
      },
      source(kind, change) {
        sources[kind] = { ...sources[kind], ...change };
        changed();
      },
      health(input) {
        healthInput = input;
        changed();
      },
      surroundings(known) {
        surroundings = { ...surroundings, ...known };
        changed();
      },
      namespaceMissingIn(cluster) {
        missingIn = cluster;
        changed();
      },
      open: () => listeners.size,
    };
    const start = (onChange: () => void): ReturnType<StartWatching> => {
      listeners.add(onChange);
      return {
        watchers: Object.fromEntries(watchedKinds.map((kind): [string, Watcher] => [kind, { items: () => items[kind], ownedBy: (uid) => [...items[kind].values()].filter((object) => controllerOf(object) === uid), source: () => sources[kind], listed: () => sources[kind].contactAt !== null }])) as ReturnType<StartWatching>["watchers"],
        health: () => (healthInput === null ? null : { input: healthInput, source: { ...sources.events, key: `probe/${environment}`, title: "Health of services", status: healthInput.status, reason: healthInput.reason, required: false }, others: [] }),
        surroundings: () => ({ known: surroundings, sources: [] }),
        lastLines: () => new Map(),
        namespaceMissingIn: () => missingIn,
        stop: async () => void listeners.delete(onChange),
      };
    };
    return { fed, start };
  }

  function entry(environment: string): ReturnType<typeof create> {
    const known = environments.get(environment) ?? create(environment);
    environments.set(environment, known);
    return known;
  }

  return { start: (environment, changed) => entry(environment.name).start(changed), of: (environment) => entry(environment).fed };
}

/** Puts a whole Big Pod, rolled out and ready, into an environment; images under another tag replace its pods. */
export function putBigPod(environment: FedEnvironment, name: string, images: Record<string, string>, options: DeploymentOptions & { suffix?: string; managedFields?: NonNullable<RawObject["metadata"]["managedFields"]> } = {}): RawObject {
  const d = deployment(name, images, { uid: `uid-${name}-${Math.abs(hash(name))}`, ...options });
  if (options.managedFields) d.metadata.managedFields = options.managedFields;
  const suffix = options.suffix ?? "a";
  const set = replicaSet(d, suffix, images, d.metadata.generation ?? 1);
  const template = (d.spec as { template: { metadata: { annotations?: Record<string, string> } } }).template;
  (set.spec as { template: { metadata: { annotations?: Record<string, string> } } }).template.metadata.annotations = template.metadata.annotations;
  const replicas = options.replicas ?? 2;
  for (let index = 0; index < replicas; index += 1) environment.put("pods", pod(set, `p${index}`, images));
  environment.put("replicaSets", set);
  environment.put("deployments", d);
  return d;
}

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);
}

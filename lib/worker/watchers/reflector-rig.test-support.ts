import { expect, onTestFinished } from "vitest";
import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import type { ClusterConnection } from "#lib/adapters/kubernetes/connection.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { systemClock, type Log } from "#lib/ports/runtime.ts";
import { startFaultProxy, type FaultProxy } from "#lib/worker/watchers/reflector-fault-proxy.test-support.ts";
import { createClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import type { ReflectorEvent } from "#lib/worker/watchers/reflector-store.ts";
import { startTinyCluster, type TinyCluster } from "#lib/worker/watchers/reflector-tiny-cluster.test-support.ts";
import { createReflector, type Reflector, type ReflectorTuning } from "#lib/worker/watchers/reflector.ts";

/** A reflector behind a faulty network, in front of a tiny cluster, with a consumer that trusts the events alone. */

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
export const connectionTo = (url: string): ClusterConnection => ({ server: new URL(url), servername: undefined, verifyTls: true, credentials: async () => ({ headers: {}, tls: {} }), forget() {} });

/** Small pseudo-random numbers that a failing test can be run again with (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Rig {
  cluster: TinyCluster;
  proxy: FaultProxy;
  reflector: Reflector;
  sources: SourceState[];
  /** What a consumer holds that only follows the events. */
  mirror: Map<string, string>;
  events: string[];
  /** Resolves once the predicate holds; asked after every callback. */
  until(predicate: () => boolean, what?: string): Promise<void>;
  /** Reflector, mirror and cluster agree. */
  inStep(): boolean;
}

export async function startRig(options: { tuning?: ReflectorTuning; pulse?: boolean; requestTimeoutMs?: number; before?: (cluster: TinyCluster) => void; manual?: boolean } = {}): Promise<Rig> {
  const cluster = await startTinyCluster();
  for (let index = 0; index < 7; index += 1) cluster.put(`map-${index}`, { n: String(index) });
  options.before?.(cluster);
  const proxy = await startFaultProxy(cluster.port);
  const api = createClusterApi({ name: "tiny", connection: connectionTo(proxy.url), log: silent, requestTimeoutMs: options.requestTimeoutMs ?? 1_000, connectTimeoutMs: 500 });
  const pulse = createClusterPulse({ api, log: silent, intervalMs: 150, timeoutMs: 150 });
  const sources: SourceState[] = [];
  const mirror = new Map<string, string>();
  const events: string[] = [];
  const wrong: string[] = [];
  const waiting = new Set<() => void>();
  const look = () => waiting.forEach((check) => check());

  const onChange = ({ type, object, previous }: ReflectorEvent) => {
    const { uid, name, resourceVersion } = object.metadata;
    if (mirror.has(uid) === (type === "ADDED")) wrong.push(`${type} ${name}`);
    if ((previous === null) !== (type === "ADDED")) wrong.push(`${type} ${name}: previous`);
    if (type === "DELETED") mirror.delete(uid);
    else mirror.set(uid, resourceVersion);
    events.push(`${type} ${name}`);
    look();
  };
  const reflector = createReflector({
    api, kind: kinds.configMaps, namespace: "test", key: "tiny/test/configmaps", environment: "prod", title: "ConfigMaps", required: true,
    log: silent, clock: systemClock, random: randomFrom(7), ...(options.pulse === true && { pulse }), onChange,
    onSource: (state) => {
      sources.push(state);
      look();
    },
    options: { pageSize: 3, watchSeconds: 1, watchGraceMs: 300, backoffMinMs: 20, backoffMaxMs: 100, unsupportedRetryMs: 100, ...options.tuning },
  });
  const rig: Rig = {
    cluster, proxy, reflector, sources, mirror, events,
    until: (predicate, what = predicate.toString()) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`never: ${what}; source ${JSON.stringify(reflector.source())}; events ${events.join(", ")}`));
        }, 8_000);
        const check = () => {
          if (!predicate()) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    inStep: () => {
      const truth = [...cluster.objects()].map(([uid, object]) => `${uid} ${object.metadata.resourceVersion}`).toSorted();
      const kept = [...reflector.items()].map(([uid, object]) => `${uid} ${object.metadata.resourceVersion}`).toSorted();
      const followed = [...mirror].map(([uid, version]) => `${uid} ${version}`).toSorted();
      return JSON.stringify(truth) === JSON.stringify(kept) && JSON.stringify(kept) === JSON.stringify(followed);
    },
  };
  onTestFinished(async () => {
    await reflector.stop();
    await pulse.stop();
    api.close();
    await proxy.close();
    await cluster.close();
    expect(wrong, "events that did not fit what was known").toEqual([]);
  });
  if (options.manual !== true) {
    reflector.start();
    await rig.until(() => reflector.source().status === "live", "live at first");
    expect(rig.inStep()).toBe(true);
  }
  return rig;
}

import type { SourceState } from "#lib/contracts/state.ts";
import { fields, list } from "#lib/domain/fold-read.ts";
import { ClusterError, type ClusterApi, type ClusterObject, type ResourceKind } from "#lib/ports/cluster.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { createBackoff, pause } from "#lib/worker/watchers/reflector-backoff.ts";
import { listAll } from "#lib/worker/watchers/reflector-list.ts";
import type { ClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import { createSourceTracker, sentenceOfTrouble, statusOfTrouble } from "#lib/worker/watchers/reflector-source.ts";
import { createReflectorStore, isOlder, type ReflectorEvent } from "#lib/worker/watchers/reflector-store.ts";

export interface ReflectorTuning {
  labelSelector?: string | undefined;
  /** What is kept of an object, for memory; must leave metadata.uid and resourceVersion alone. See withoutManagedFields. */
  project?: (object: ClusterObject) => ClusterObject;
  /** Objects a page. Default 500. */
  pageSize?: number;
  /** The server ends each watch after this long, less up to a third of jitter. Default 6 s. */
  watchSeconds?: number;
  /** A watch that the server has not ended by then is called silent. Default 1.8 s: with watchSeconds, a list and a short watch to prove it, less than ten seconds. */
  watchGraceMs?: number;
  /** Default 250 ms. */
  backoffMinMs?: number;
  /** Default 2 s: what is granted or mended is to be seen within five seconds. */
  backoffMaxMs?: number;
  /** Between two questions for an API that is not served. Default 2.5 s. */
  unsupportedRetryMs?: number;
  /** A list that takes longer than this is told as stale until it is there: nothing follows the cluster meanwhile. Default 3 s. */
  slowListMs?: number;
  /** Until a page of a list begins to come, and longest silence inside it. Default 6 s. */
  pageTimeoutMs?: number;
  /** A watch that has stood this long after trouble is believed, even if nothing has come through it yet. Default 500 ms. */
  steadyMs?: number;
  /** A full list for good measure. Default 10 min. */
  relistMs?: number;
}

export interface ReflectorOptions {
  api: ClusterApi;
  kind: ResourceKind;
  /** Undefined: the whole cluster. */
  namespace: string | undefined;
  /** SourceState.key: "<cluster>/<namespace>/<resource>". */
  key: string;
  environment: string | null;
  title: string;
  required: boolean;
  log: Log;
  clock: Clock;
  /** 0 ≤ x < 1 */
  random: () => number;
  pulse?: ClusterPulse;
  /** Each true change, in order; items() already holds it. */
  onChange: (event: ReflectorEvent) => void;
  /** Each change of status or reason. After a list, "live" comes after the list's changes. */
  onSource: (state: SourceState) => void;
  options?: ReflectorTuning;
}

export interface Reflector {
  start(): void;
  /** Ends watch, timers and connections; nothing is called back afterwards. */
  stop(): Promise<void>;
  /** By uid. Keeps its last contents while the source is not live. */
  items(): ReadonlyMap<string, ClusterObject>;
  /** Those whose controlling owner has this uid. */
  ownedBy(uid: string): Iterable<ClusterObject>;
  /** Current also in contactAt, which onSource is not called for. */
  source(): SourceState;
  /** Whether a complete list was ever read. Until then an empty items() means nothing. */
  listed(): boolean;
}

/** Why the reflector itself ended a watch. */
type Ending = "silent" | "renew";

/** Pages get smaller, down to this, while the server is too slow for larger ones. */
const smallestPage = 50;
/** A timer this late says that the process was held up, and that this many times in a row that it does not matter any more. */
const heldUpMs = 200;
const mostDelays = 3;
/** A watch that ends in order, but before this share of its time, may be that of a server that stops. */
const early = 0.8;

/**
 * Keeps a copy of one kind of object in step with the cluster: list with pages, watch from that version, list again on 410,
 * and say at any time how much the copy can be trusted. The pattern is that of client-go's Reflector; two things differ:
 * watches are short, so that a connection that is open but silent is noticed within watchSeconds + watchGraceMs,
 * and trouble of any kind is retried for ever, with the state of the source saying so. After anything but the regular end of a watch
 * it lists again instead of resuming: a server that was put back to an earlier moment hands the same versions out anew.
 */
export function createReflector(reflector: ReflectorOptions): Reflector {
  const { api, kind, namespace, log, random, pulse, options = {} } = reflector;
  const project = options.project ?? ((object: ClusterObject) => object);
  const watchSeconds = options.watchSeconds ?? 6;
  const graceMs = options.watchGraceMs ?? 1_800;
  const steadyMs = options.steadyMs ?? 500;
  const largestPage = options.pageSize ?? 500;
  const store = createReflectorStore();
  const stopping = new AbortController();
  const signal = stopping.signal;
  const source = createSourceTracker(reflector, reflector.clock, (state) => signal.aborted || guarded(() => reflector.onSource(state)));
  const backoff = createBackoff({ minMs: options.backoffMinMs ?? 250, maxMs: options.backoffMaxMs ?? 2_000, random });

  let version: string | null = null;
  let listedAt: number | null = null;
  let pageSize = largestPage;
  /** Failures since the last proof that a watch works: news, its regular end, or standing for a while. Opening one proves little. */
  let failures = 0;
  let pulseDown = false;
  /** The last watch was open but silent. Until one delivers or ends as it should, an open connection proves nothing, and lists stand in. */
  let distrust = false;
  let current: { controller: AbortController; ending: Ending | null } | null = null;
  /** Since when nothing follows the cluster, by performance.now(); null before the first watch. Means nothing while a watch runs. */
  let unfollowedAt: number | null = null;
  let waiting: AbortController | null = null;
  let loop: Promise<void> | null = null;
  let unsubscribe: (() => void) | null = null;

  function guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      log.error({ source: reflector.key, err: error }, "A listener of a reflector failed");
    }
  }

  const emit = (event: ReflectorEvent) => signal.aborted || guarded(() => reflector.onChange(event));

  /** Tells when a list takes long. Nothing follows the cluster since the watch before it ended, so the time counts from there. */
  async function toldWhenSlow<T>(listing: Promise<T>): Promise<T> {
    const slowMs = options.slowListMs ?? 3_000;
    const passedMs = unfollowedAt === null ? 0 : performance.now() - unfollowedAt;
    const slow = setTimeout(() => source.state().status === "live" && source.trouble("stale", `Cluster ${JSON.stringify(api.name)} is slow: the list of ${reflector.title} has taken longer than ${slowMs / 1000} s.`), Math.max(0, slowMs - passedMs));
    return listing.finally(() => clearTimeout(slow));
  }

  async function list(): Promise<void> {
    const complete = await toldWhenSlow(listAll(api, kind, { namespace, labelSelector: options.labelSelector, pageSize, pageTimeoutMs: options.pageTimeoutMs ?? 6_000, project }, signal));
    unfollowedAt = null;
    version = complete.resourceVersion;
    pageSize = Math.min(largestPage, pageSize * 2);
    listedAt = performance.now();
    for (const event of store.replaceAll(complete.items, complete.resourceVersion)) emit(event);
    if (failures === 0 && !pulseDown && !distrust) source.live();
    else source.contact();
  }

  /** One watch, from the newest version to its end. */
  async function watch(from: string): Promise<void> {
    const timeoutSeconds = distrust ? 1 : Math.max(1, Math.round(watchSeconds * (1 - random() / 3)));
    const attempt: { controller: AbortController; ending: Ending | null } = { controller: new AbortController(), ending: null };
    current = attempt;
    const watchdog = startWatchdog(timeoutSeconds * 1000 + graceMs, graceMs, () => end("silent"));
    const startedAt = performance.now();
    let steady: NodeJS.Timeout | null = null;
    let followed = false;
    try {
      for await (const event of api.watch(kind, { namespace, labelSelector: options.labelSelector, resourceVersion: from, timeoutSeconds }, AbortSignal.any([signal, attempt.controller.signal]))) {
        if (signal.aborted || attempt.ending !== null) break;
        if (steady === null) {
          if (failures <= 1 && !distrust) source.live();
          steady = setTimeout(() => distrust || working(), steadyMs);
        }
        if (event.type === "BOOKMARK" && isOlder(event.resourceVersion, from)) {
          throw new ClusterError("gone", `Cluster ${JSON.stringify(api.name)} was put back to an earlier moment: it is at version ${event.resourceVersion}, after ${from}.`);
        }
        if (event.type !== "BOOKMARK" || event.resourceVersion !== from) working();
        if (event.type === "BOOKMARK") {
          advance(event.resourceVersion);
          continue;
        }
        followed = true;
        backoff.reset();
        advance(event.object.metadata.resourceVersion);
        const change = store.apply(event.type, project(event.object));
        if (change !== null) emit(change);
      }
    } finally {
      watchdog.stop();
      if (steady !== null) clearTimeout(steady);
      current = null;
      // One that was opened and ended at once followed nothing.
      if (followed || performance.now() - startedAt >= steadyMs) unfollowedAt = performance.now();
      else unfollowedAt ??= performance.now();
    }
    if (signal.aborted || attempt.ending === "renew") return;
    if (attempt.ending === "silent") {
      distrust = true;
      throw new ClusterError("timeout", `Cluster ${JSON.stringify(api.name)} has sent nothing about ${reflector.title} for ${timeoutSeconds} s and more, although the connection is open.`);
    }
    working();
    const stoodMs = performance.now() - startedAt;
    if (stoodMs < timeoutSeconds * 1000 * early) await checkVersion();
    if (stoodMs >= steadyMs) backoff.reset();
    // A server that ends every watch at once must not be asked in a tight loop.
    else await wait(backoff.next(), true);
  }

  /** Whether the server still is where it was, or later. It says so with any list, however short. */
  async function checkVersion(): Promise<void> {
    const { resourceVersion } = await toldWhenSlow(api.list(kind, { namespace, limit: 1 }, signal));
    if (version !== null && isOlder(resourceVersion, version)) version = null;
    else if (failures === 0 && !pulseDown && !distrust) source.live();
  }

  function end(why: Ending): void {
    if (current === null) return;
    current.ending = why;
    current.controller.abort();
  }

  /** The watch works: what is known is in step. */
  function working(): void {
    failures = 0;
    pulseDown = false;
    distrust = false;
    source.live();
  }

  function advance(to: string): void {
    if (version === null || !isOlder(to, version)) version = to;
  }

  async function wait(milliseconds: number, cuttable: boolean): Promise<void> {
    const controller = new AbortController();
    if (cuttable) waiting = controller;
    await pause(milliseconds, AbortSignal.any([signal, controller.signal]));
    waiting = null;
  }

  async function recover(error: unknown): Promise<void> {
    const from = version;
    version = null;
    if (error instanceof ClusterError && error.reason === "timeout") pageSize = Math.max(Math.min(smallestPage, largestPage), Math.floor(pageSize / 2));
    if (error instanceof ClusterError && error.reason === "gone") {
      log.info({ source: reflector.key, version: from, reason: error.message }, "The watch's version is no longer kept; listing again");
      failures += 1;
      if (failures > 2) source.trouble("stale", sentenceOfTrouble(error));
      if (failures > 1) await wait(backoff.next(error.retryAfterMs), error.retryAfterMs === null);
      return;
    }
    if (!(error instanceof ClusterError)) log.error({ source: reflector.key, err: error }, "A reflector failed unexpectedly");
    failures += 1;
    const status = statusOfTrouble(error, listedAt !== null);
    // Connections are cut now and then by balancers and restarts: one quick second try before anybody is told.
    const brief = failures === 1 && source.state().status === "live" && error instanceof ClusterError && (error.reason === "unreachable" || error.reason === "server");
    if (!brief) {
      if (source.state().status === "live") log.warn({ source: reflector.key, status, reason: sentenceOfTrouble(error) }, "A source is no longer live");
      source.trouble(status, sentenceOfTrouble(error));
    }
    const retryAfterMs = error instanceof ClusterError ? error.retryAfterMs : null;
    const delay = status === "unsupported" ? (options.unsupportedRetryMs ?? 2_500) * (0.8 + random() * 0.2) : backoff.next(retryAfterMs);
    await wait(delay, retryAfterMs === null && status !== "unsupported");
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const due = listedAt === null || performance.now() - listedAt > (options.relistMs ?? 600_000);
        if (version === null || due) await list();
        if (version !== null && !signal.aborted) await watch(version);
      } catch (error) {
        if (signal.aborted) return;
        await recover(error);
      }
    }
  }

  function onPulse(state: { alive: true } | { alive: false; error: ClusterError }): void {
    if (signal.aborted) return;
    if (!state.alive) {
      pulseDown = true;
      if (source.state().status === "live") source.trouble(statusOfTrouble(state.error, listedAt !== null), sentenceOfTrouble(state.error));
    } else if (pulseDown) {
      // The old watch may have died with the outage, and the server may be another one now; a list and a new watch are the only proof.
      version = null;
      end("renew");
      waiting?.abort();
    }
  }

  return {
    start() {
      if (loop !== null || signal.aborted) return;
      unsubscribe = pulse?.subscribe(onPulse) ?? null;
      guarded(() => reflector.onSource(source.state()));
      loop = run();
    },
    async stop() {
      stopping.abort();
      unsubscribe?.();
      await loop;
    },
    items: () => store.items(),
    ownedBy: (uid) => store.ownedBy(uid),
    source: () => source.state(),
    listed: () => listedAt !== null,
  };
}

/**
 * Calls `bark` after `limitMs`. A timer that fires late means that this process was held up (suspended, or starved of CPU): what the server sent meanwhile
 * may not have been read yet, so it waits for `graceMs` more, a few times at most.
 */
function startWatchdog(limitMs: number, graceMs: number, bark: () => void): { stop(): void } {
  let delays = 0;
  const arm = (ms: number): NodeJS.Timeout => {
    const due = performance.now() + ms;
    return setTimeout(() => {
      delays += 1;
      if (performance.now() - due > heldUpMs && delays <= mostDelays) timer = arm(graceMs);
      else bark();
    }, ms);
  };
  let timer = arm(limitMs);
  return { stop: () => clearTimeout(timer) };
}

/** For kinds whose field managers nobody asks about: they are the larger part of most objects. */
export function withoutManagedFields(object: ClusterObject): ClusterObject {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** What a pod has of its template, and nobody asks a pod about: more than half of it, five thousand times in a large cluster. */
const ofTemplate = new Set(["affinity", "args", "command", "env", "envFrom", "imagePullSecrets", "lifecycle", "securityContext", "tolerations", "topologySpreadConstraints", "volumeMounts", "volumes"]);

/** A pod without its field managers, environment, volumes and the like. */
export function podInBrief(pod: ClusterObject): ClusterObject {
  const brief = (value: object): object => Object.fromEntries(Object.entries(value).filter(([name]) => !ofTemplate.has(name)));
  const spec = brief(fields(pod.spec));
  const containers = (name: string): object => (name in spec ? { [name]: list(fields(pod.spec)[name]).map(brief) } : {});
  return { ...withoutManagedFields(pod), spec: { ...spec, ...containers("containers"), ...containers("initContainers") } };
}

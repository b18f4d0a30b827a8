import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import type { ServiceHealth } from "#lib/domain/health.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { askedServices, askPod, type PodOutcome } from "#lib/worker/watchers/probe-pod.ts";
import { createSourceTracker, statusOfTrouble } from "#lib/worker/watchers/reflector-source.ts";
import type { Tails } from "#lib/worker/watchers/supervisor.ts";

/** A pod that may be asked: running, not being deleted. */
export interface ProbedPod {
  uid: string;
  name: string;
  /** Name of its Big Pod in the configuration. */
  bigPod: string;
}

export interface ProbeResult {
  /** ISO 8601. */
  at: string;
  /** By configured service name. */
  services: Record<string, ServiceHealth>;
}

export interface HealthProbesOptions {
  api: ClusterApi;
  environment: { name: string; namespace: string };
  config: { bigPods: readonly BigPodConfig[] };
  log: Log;
  clock: Clock;
  pods: () => Iterable<ProbedPod>;
  /** Every answer, also when it says the same as the last. */
  onResult: (podUid: string, result: ProbeResult) => void;
  onSource: (state: SourceState) => void;
  options?: {
    /** Between two questions to a pod. Default 1 s. */
    intervalMs?: number;
    /** For each question. Default 900 ms. */
    timeoutMs?: number;
    /** Pods asked at a time. Default 8. */
    concurrency?: number;
    /** After it has turned out that pods cannot be asked here. Default 30 s. */
    restMs?: number;
  };
}

export interface HealthProbes {
  start(): void;
  stop(): Promise<void>;
  source(): SourceState;
}

/** Late answers in a row until a service is called degraded, and until it is called down. One late answer proves nothing. */
const degradedAfter = 2;
const downAfter = 5;

/**
 * Asks every pod for the health of its services, once a second, through the API server's pod proxy.
 * What a pod says is a result; that pods cannot be asked is a state of the source (never required), and then every
 * service is unknown rather than as it last was.
 */
export function createHealthProbes(probes: HealthProbesOptions): HealthProbes {
  const { api, environment, config, log, clock, options = {} } = probes;
  const intervalMs = options.intervalMs ?? 1_000;
  const timeoutMs = options.timeoutMs ?? 900;
  const concurrency = options.concurrency ?? 8;
  const bigPods = new Map(config.bigPods.filter((bigPod) => askedServices(bigPod).length > 0).map((bigPod) => [bigPod.name, bigPod]));
  const stopping = new AbortController();
  const { signal } = stopping;
  const source = createSourceTracker({ key: `probe/${environment.name}`, environment: environment.name, title: "Health of services", required: false }, clock, (state) => signal.aborted || probes.onSource(state));

  const busy = new Map<string, Promise<void>>();
  const outcomes = new Map<string, PodOutcome>();
  const lateness = new Map<string, number>();
  const tails: Tails = new Map();
  const supervisorRest = { untilMs: 0 };
  const given = new Map<string, Record<string, ServiceHealth>>();
  const askedAt = new Map<string, number>();
  let queue: ProbedPod[] = [];
  let everAnswered = false;
  let restUntil = 0;
  let timer: NodeJS.Timeout | null = null;

  function give(uid: string, found: Record<string, ServiceHealth>): void {
    const at = clock.now().toISOString();
    const before = given.get(uid);
    const services = Object.fromEntries(
      Object.entries(found).map(([name, health]): [string, ServiceHealth] => {
        const known = before?.[name];
        return [name, { ...health, since: known?.status === health.status ? (known.since ?? at) : at }];
      }),
    );
    given.set(uid, services);
    try {
      if (!signal.aborted) probes.onResult(uid, { at, services });
    } catch (error) {
      log.error({ environment: environment.name, err: error }, "A listener of the health probes failed");
    }
  }

  const same = (names: readonly string[], health: ServiceHealth) => Object.fromEntries(names.map((name) => [name, health]));

  /** When no pod at all answers in time, the way to them is slow or dead, and that says nothing about the services. */
  function lateHealth(count: number): ServiceHealth {
    const others = [...outcomes.values()].filter((outcome) => outcome.kind !== "gone");
    if (others.length > 1 && others.every((outcome) => outcome.kind === "late")) return { status: "unknown", detail: "no pod answers in time" };
    return { status: count >= downAfter ? "down" : "degraded", detail: `has not answered ${count} times in a row within ${timeoutMs} ms` };
  }

  async function probe(pod: ProbedPod, bigPod: BigPodConfig): Promise<void> {
    const outcome = await askPod({ api, namespace: environment.namespace, pod, bigPod, tails, supervisorRest, timeoutMs, signal });
    if (signal.aborted) return;
    outcomes.set(pod.uid, outcome);
    if (outcome.kind !== "late") lateness.delete(pod.uid);
    switch (outcome.kind) {
      case "answer":
        everAnswered = true;
        give(pod.uid, outcome.services);
        break;
      case "refused":
        give(pod.uid, outcome.services);
        break;
      case "late": {
        const count = (lateness.get(pod.uid) ?? 0) + 1;
        lateness.set(pod.uid, count);
        if (count >= degradedAfter) give(pod.uid, same(outcome.services, lateHealth(count)));
        break;
      }
      case "trouble":
        give(pod.uid, same(outcome.services, { status: "unknown", detail: `cannot be asked: ${outcome.error.message}` }));
        break;
      case "gone":
        break;
    }
    judge();
  }

  /** The source is live while any pod answers; it is in trouble when none of at least one can be asked. */
  function judge(): void {
    const all = [...outcomes.values()].filter((outcome) => outcome.kind !== "gone");
    if (all.some((outcome) => outcome.kind === "answer")) return source.live();
    const trouble = all.find((outcome) => outcome.kind === "trouble");
    const refused = all.find((outcome) => outcome.kind === "refused");
    // One pod out of reach is that pod's matter; the source is judged once every pod has been tried.
    if ((trouble ?? refused) !== undefined && (busy.size > 1 || queue.length > 0)) return;
    if (trouble?.kind === "trouble") {
      const { error } = trouble;
      source.trouble(error.reason === "server" ? "down" : statusOfTrouble(error, everAnswered), `Pods cannot be asked for their health: ${error.message}`);
      rest(error.retryAfterMs);
    } else if (refused?.kind === "refused") {
      // Something between the API server and the pods answers instead of them. If pods did answer before, it is an outage.
      source.trouble(everAnswered ? "down" : "unsupported", refused.sentence);
      rest(null);
    } else if (all.length > 0 && all.every((outcome) => outcome.kind === "late") && [...lateness.values()].every((count) => count >= degradedAfter)) {
      const late = all.find((outcome) => outcome.kind === "late");
      if (late?.kind === "late" && all.length > 1) source.trouble(everAnswered ? "stale" : "down", `No pod answers in time: ${late.error.message}`);
      else source.live();
    }
  }

  function rest(retryAfterMs: number | null): void {
    restUntil = performance.now() + Math.max(options.restMs ?? 30_000, retryAfterMs ?? 0);
  }

  function round(): void {
    if (signal.aborted || performance.now() < restUntil) return;
    const pods = [...probes.pods()];
    const present = new Set(pods.map((pod) => pod.uid));
    for (const known of [outcomes, lateness, askedAt, given]) {
      for (const uid of known.keys()) if (!present.has(uid)) known.delete(uid);
    }
    const waiting = pods.filter((pod) => bigPods.has(pod.bigPod) && !busy.has(pod.uid));
    // Those not asked for longest come first, so that a crowd of slow pods cannot starve the others.
    waiting.sort((a, b) => (askedAt.get(a.uid) ?? 0) - (askedAt.get(b.uid) ?? 0));
    queue = waiting;
    pump();
  }

  function pump(): void {
    while (busy.size < concurrency && !signal.aborted && performance.now() >= restUntil) {
      const pod = queue.shift();
      if (pod === undefined) return;
      const bigPod = bigPods.get(pod.bigPod);
      if (bigPod === undefined || busy.has(pod.uid)) continue;
      askedAt.set(pod.uid, performance.now());
      const asking = probe(pod, bigPod)
        .catch((error: unknown) => log.error({ environment: environment.name, pod: pod.name, err: error }, "Asking a pod for its health failed unexpectedly"))
        .finally(() => {
          busy.delete(pod.uid);
          pump();
        });
      busy.set(pod.uid, asking);
    }
  }

  return {
    start() {
      if (timer !== null || signal.aborted) return;
      probes.onSource(source.state());
      round();
      timer = setInterval(round, intervalMs);
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      stopping.abort();
      await Promise.all(busy.values());
    },
    source: () => source.state(),
  };
}

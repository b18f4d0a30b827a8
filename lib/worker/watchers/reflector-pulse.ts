import { ClusterError, type ClusterApi } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { pause } from "#lib/worker/watchers/reflector-backoff.ts";

export type PulseState = { alive: true } | { alive: false; error: ClusterError };

/** A light sign of life per cluster, shared by its reflectors: a quiet watch alone would not tell that the server is gone. */
export interface ClusterPulse {
  /** Called at each change between alive and not. Beats only while somebody listens. Returns the function that unsubscribes. */
  subscribe(listener: (state: PulseState) => void): () => void;
  stop(): Promise<void>;
}

export interface ClusterPulseOptions {
  api: ClusterApi;
  log: Log;
  /** Between two questions, default 2 s. */
  intervalMs?: number;
  /** For each answer, default 1.8 s: interval and time limit together are what passes at most before silence is noticed. */
  timeoutMs?: number;
}

export function createClusterPulse({ api, log, intervalMs = 2_000, timeoutMs = 1_800 }: ClusterPulseOptions): ClusterPulse {
  const listeners = new Set<(state: PulseState) => void>();
  let alive = true;
  let running: { controller: AbortController; done: Promise<void> } | null = null;

  async function beat(signal: AbortSignal): Promise<PulseState | "unclear"> {
    const startedAt = performance.now();
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      await api.version(AbortSignal.any([signal, limit]));
      return { alive: true };
    } catch (error) {
      if (signal.aborted) return "unclear";
      // This process itself was held up (suspended, or starved of CPU): its clock proves nothing about the server.
      if (performance.now() - startedAt > timeoutMs + 700) return "unclear";
      if (limit.aborted) return { alive: false, error: new ClusterError("timeout", `Cluster ${JSON.stringify(api.name)} no longer answers: no sign of life within ${timeoutMs / 1000} s.`, { cause: error }) };
      if (!(error instanceof ClusterError)) throw error;
      // Any answer of the API server is a sign of life, also a refusal; a 5xx may come from a balancer with nothing behind it.
      return ["unreachable", "timeout", "server"].includes(error.reason) ? { alive: false, error } : { alive: true };
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(intervalMs, signal);
      if (signal.aborted) return;
      try {
        const state = await beat(signal);
        if (state === "unclear" || signal.aborted || state.alive === alive) continue;
        alive = state.alive;
        if (!state.alive) log.warn({ cluster: api.name, reason: state.error.message }, "The cluster gives no sign of life");
        else log.info({ cluster: api.name }, "The cluster answers again");
        for (const listener of listeners) listener(state);
      } catch (error) {
        log.error({ cluster: api.name, err: error }, "The pulse of a cluster failed");
      }
    }
  }

  const stop = async () => {
    running?.controller.abort();
    await running?.done;
    running = null;
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (running === null) {
        const controller = new AbortController();
        alive = true;
        running = { controller, done: run(controller.signal) };
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          running?.controller.abort();
          running = null;
        }
      };
    },
    stop,
  };
}

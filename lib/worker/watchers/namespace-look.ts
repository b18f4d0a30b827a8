import { ClusterError, kinds, type ClusterApi } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";

/** `untold`: it was not asked for, or may not be. Only the API server's own "no such namespace" makes it `missing`. */
export type NamespacePresence = "present" | "missing" | "untold";

export interface NamespaceLook {
  presence(): NamespacePresence;
  /** Call when what is known of the namespace's contents has changed. */
  look(): void;
  stop(): Promise<void>;
}

/**
 * Tells an empty namespace from one that does not exist: the Kubernetes API lists both as empty. Asked only while nothing is seen in it,
 * at once and then every `intervalMs` (default 5 s); who may not ask is told nothing, and not every such right is given to Vigie.
 */
export function createNamespaceLook(parts: { api: ClusterApi; namespace: string; seemsEmpty: () => boolean; changed: () => void; log: Log; intervalMs?: number }): NamespaceLook {
  const { api, namespace, seemsEmpty, changed, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  let presence: NamespacePresence = "untold";
  let asking: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  function becomes(now: NamespacePresence): void {
    if (presence === now || signal.aborted) return;
    presence = now;
    changed();
  }

  async function ask(): Promise<void> {
    try {
      await api.get(kinds.namespaces, "", namespace, signal);
      becomes("present");
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ClusterError && error.reason === "not-found") return becomes("missing");
      // An outage is the reflectors' to tell; what was known stays. A refusal means that it cannot be told.
      if (error instanceof ClusterError && error.reason === "forbidden") becomes("untold");
      if (!(error instanceof ClusterError)) log.error({ namespace, err: error }, "A namespace could not be looked at");
    }
  }

  function look(): void {
    if (signal.aborted || asking !== null || timer !== undefined) return;
    if (!seemsEmpty()) return becomes("untold");
    asking = ask().finally(() => {
      asking = null;
      if (signal.aborted) return;
      timer = setTimeout(() => {
        timer = undefined;
        look();
      }, parts.intervalMs ?? 5_000);
    });
  }

  return {
    presence: () => (seemsEmpty() ? presence : "untold"),
    look,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await asking;
    },
  };
}

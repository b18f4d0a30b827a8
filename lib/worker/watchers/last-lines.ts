import { quotableLine, silentEnds } from "#lib/domain/fold-last-line.ts";
import type { SilentEnd } from "#lib/domain/fold-last-line.ts";
import type { ClusterApi, ClusterObject } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";

const timeoutMs = 3_000;
const tailLines = 12;
const concurrency = 2;
const remembered = 500;

export interface LastLines {
  /** By SilentEnd.key. */
  lines(): ReadonlyMap<string, string>;
  /** Looks for ends without a message among these pods and reads their logs, each once. */
  look(pods: Iterable<ClusterObject>): void;
  stop(): Promise<void>;
}

/**
 * Reads the last line of a container's log when it ended without saying why, so that a cause can quote it. A help, never a need:
 * a log that cannot be read (no right to, no longer there, slow) is passed over in silence.
 */
export function createLastLines(parts: { api: ClusterApi; namespace: string; log: Log; changed: () => void }): LastLines {
  const { api, namespace, log, changed } = parts;
  const lines = new Map<string, string>();
  const asked = new Set<string>();
  const queue: { pod: string; end: SilentEnd }[] = [];
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function read({ pod, end }: { pod: string; end: SilentEnd }): Promise<void> {
    const found: string[] = [];
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(timeoutMs)]);
      for await (const line of api.podLog(namespace, pod, { container: end.container, follow: false, previous: end.previous, tailLines }, signal)) found.push(line);
    } catch (error) {
      log.debug({ pod, container: end.container, err: error }, "a log could not be read for its last line");
    }
    const line = quotableLine(found);
    if (line === null || stopping.signal.aborted) return;
    lines.set(end.key, line);
    changed();
  }

  function pump(): void {
    while (running.size < concurrency && !stopping.signal.aborted) {
      const next = queue.shift();
      if (next === undefined) return;
      const reading: Promise<void> = read(next).finally(() => {
        running.delete(reading);
        pump();
      });
      running.add(reading);
    }
  }

  function forget(): void {
    for (const key of asked) {
      if (asked.size <= remembered) return;
      asked.delete(key);
      lines.delete(key);
    }
  }

  return {
    lines: () => lines,
    look(pods) {
      for (const pod of pods) {
        for (const end of silentEnds(pod)) {
          if (asked.has(end.key)) continue;
          asked.add(end.key);
          queue.push({ pod: pod.metadata.name, end });
        }
      }
      forget();
      pump();
    },
    async stop() {
      stopping.abort();
      queue.length = 0;
      await Promise.all(running);
    },
  };
}

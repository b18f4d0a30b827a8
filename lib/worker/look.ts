import type { Log } from "#lib/ports/runtime.ts";
import { LeaseLost } from "#lib/worker/lease.ts";

export interface Look {
  /** Looks, unless it is looking already; resolves when that look is over. After close it begins none. */
  look(): Promise<void>;
  /** Waits for the look that is under way. */
  close(): Promise<void>;
}

/**
 * What looks at its own pace under the observer's lease: never twice at once. A look that fails is tried again at the next; its `trouble` is logged once, until one goes well, which
 * is said with `again`. Losing the lease is no trouble. `work` may ask the signal whether it shall end.
 */
export function createLook({ log, trouble, again, work }: { log: Log; trouble: string; again?: string; work: (closing: AbortSignal) => Promise<void> }): Look {
  const closing = new AbortController();
  let looking: Promise<void> | null = null;
  let silent = false;

  async function once(): Promise<void> {
    try {
      await work(closing.signal);
      if (silent && again !== undefined) log.info({}, again);
      silent = false;
    } catch (error) {
      const lost = error instanceof LeaseLost;
      if (!lost && !silent) log.warn({ err: error }, trouble);
      silent = !lost;
    }
  }

  return {
    look() {
      if (closing.signal.aborted) return looking ?? Promise.resolve();
      looking ??= once().finally(() => {
        looking = null;
      });
      return looking;
    },
    async close() {
      closing.abort();
      await looking;
    },
  };
}

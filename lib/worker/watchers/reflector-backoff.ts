/** Waiting between attempts: twice as long each time, jittered, and never shorter than the server asks for. */

export interface Backoff {
  /** Milliseconds to wait now. `retryAfterMs` is the server's own wish and is kept, with a little jitter on top. */
  next(retryAfterMs?: number | null): number;
  reset(): void;
}

export function createBackoff(options: { minMs: number; maxMs: number; random: () => number }): Backoff {
  let attempt = 0;
  return {
    next(retryAfterMs = null) {
      const base = Math.min(options.maxMs, options.minMs * 2 ** attempt);
      attempt = Math.min(attempt + 1, 30);
      const delay = base * (0.5 + options.random() * 0.5);
      return retryAfterMs === null ? delay : Math.max(delay, retryAfterMs * (1 + options.random() * 0.1));
    },
    reset: () => void (attempt = 0),
  };
}

/** Resolves after the time, or at once when the signal fires. Leaves no timer and no listener behind. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}

/** How long what is being handed over may take to end when the worker stops, unless told otherwise. */
const usualPatienceMs = 4_000;

export interface Drains {
  /** True once the worker stops: nothing new is begun. */
  stopped(): boolean;
  /** Aborted when patience has ended. */
  readonly signal: AbortSignal;
  /** Begins emptying each that is not being emptied. */
  begin(names: readonly string[]): void;
  /** Resolves when none is being emptied. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** An outbox with several ways out, each emptied by itself and never twice at once: one that is slow or fails keeps only its own waiting. */
export function createDrains(drain: (name: string) => Promise<void>, patienceMs = usualPatienceMs): Drains {
  const running = new Map<string, Promise<void>>();
  const patience = new AbortController();
  let stopped = false;
  const idle = async (): Promise<void> => void (await Promise.all(running.values()));
  return {
    stopped: () => stopped,
    signal: patience.signal,
    begin(names) {
      for (const name of names) if (!running.has(name)) running.set(name, drain(name).finally(() => running.delete(name)));
    },
    idle,
    async close() {
      stopped = true;
      const timer = setTimeout(() => patience.abort(), patienceMs);
      await idle();
      clearTimeout(timer);
    },
  };
}

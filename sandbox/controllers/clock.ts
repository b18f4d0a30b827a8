/** Time for everything that moves in the sandbox: the present moment, timers, and one owner that stops them all. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs once after `delayMs` of sandbox time (divided by `speed`). Returns the function that cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Runs once when the present work is done. Returns the function that cancels it. */
  soon(run: () => void): () => void;
  /** 1 is real time, 20 makes ten seconds of back-off last half a second. */
  readonly speed: number;
  /** Cancels everything that is still waiting. Later calls are ignored. */
  stop(): void;
}

export interface ClockOptions {
  /** Milliseconds since the epoch. Default: the system's. */
  now?: () => number;
  speed?: number;
}

/** Starts one timer (undefined: as soon as the present work is done) and returns what cancels it. */
type Starter = (delayMs: number | undefined, run: () => void) => () => void;

function createOwner(now: () => number, speed: number, start: Starter, onError?: (error: unknown) => void): Clock {
  const waiting = new Set<() => void>();
  let stopped = false;
  const own = (delayMs: number | undefined, run: () => void): (() => void) => {
    if (stopped) return () => undefined;
    const clear = start(delayMs, () => {
      waiting.delete(cancel);
      if (!onError) return run();
      try {
        run();
      } catch (error) {
        onError(error);
      }
    });
    const cancel = () => {
      clear();
      waiting.delete(cancel);
    };
    waiting.add(cancel);
    return cancel;
  };
  return {
    now,
    speed,
    after: (delayMs, run) => own(delayMs, run),
    soon: (run) => own(undefined, run),
    stop() {
      stopped = true;
      for (const cancel of waiting) cancel();
    },
  };
}

/** A clock on the runtime's own timers. */
export function createClock({ now = Date.now, speed = 1 }: ClockOptions = {}): Clock {
  return createOwner(now, speed, (delayMs, run) => {
    if (delayMs === undefined) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timeout = setTimeout(run, Math.max(0, delayMs / speed));
    return () => clearTimeout(timeout);
  });
}

/** A clock of its own owner that ticks with `parent`: stopping it cancels only what was asked of it. `onError` hears of what a timer throws. */
export function createScope(parent: Clock, onError?: (error: unknown) => void): Clock {
  return createOwner(() => parent.now(), parent.speed, (delayMs, run) => (delayMs === undefined ? parent.soon(run) : parent.after(delayMs, run)), onError);
}

/** Does the rest of some work that is handed out in steps. */
export function finish(steps: Iterator<void, void>): void {
  while (steps.next().done !== true) continue;
}

/** Kubernetes' `Time`: RFC 3339 with whole seconds. */
export function toTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

/** Kubernetes' `MicroTime`, used by leases and newer events. */
export function toMicroTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 23)}000Z`;
}

/** Sandbox milliseconds between two real moments: how old something feels when time runs `speed` times as fast. */
export function elapsedMs(clock: Clock, sinceMs: number): number {
  return (clock.now() - sinceMs) * clock.speed;
}

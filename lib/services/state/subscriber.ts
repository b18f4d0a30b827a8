import type { Frame } from "#lib/services/state/frame.ts";

/** More frames than this waiting for one reader: it gets a fresh snapshot instead of all it missed. */
export const bufferLimit = 256;

export interface Subscriber {
  push(frame: Frame): void;
  /** Throws away what waits and starts over with a snapshot. */
  restart(): void;
  end(): void;
  frames: AsyncIterable<Frame>;
}

/**
 * The queue of one reader. Never makes anybody wait: a reader that falls behind loses its queue and gets a snapshot made when it reads again;
 * of heartbeats only the newest waits. `visible` names the environments whose events it gets.
 */
export function createSubscriber(visible: ReadonlySet<string>, snapshot: () => Frame[], first: readonly Frame[] | null, onEnd: () => void): Subscriber {
  let queue: Frame[] = first === null ? [] : [...first];
  let behind = first === null;
  const life = { ended: false };
  let wake: (() => void) | null = null;

  function signal(): void {
    const waiting = wake;
    wake = null;
    waiting?.();
  }

  async function* read(): AsyncGenerator<Frame> {
    try {
      while (!life.ended) {
        if (behind) {
          behind = false;
          queue = snapshot();
        }
        const frame = queue.shift();
        if (frame) yield frame;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      life.ended = true;
      onEnd();
    }
  }

  return {
    push(frame) {
      if (life.ended || behind || (frame.environment !== null && !visible.has(frame.environment))) return;
      if (frame.event.type === "beat") queue = queue.filter((waiting) => waiting.event.type !== "beat");
      queue.push(frame);
      if (queue.length > bufferLimit) {
        queue = [];
        behind = true;
      }
      signal();
    },
    restart() {
      queue = [];
      behind = true;
      signal();
    },
    end() {
      life.ended = true;
      signal();
      onEnd();
    },
    frames: { [Symbol.asyncIterator]: read },
  };
}

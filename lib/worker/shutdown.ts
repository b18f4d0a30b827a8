import type { Log } from "#lib/ports/runtime.ts";

/** One thing that must be ended, by name for the log. */
export interface Ending {
  name: string;
  stop: () => Promise<void> | void;
}

/**
 * Ends things one after another in the given order, each tried even when an earlier one failed, all within limitMs.
 * Resolves with true when every one ended in time and without an error.
 */
export async function shutDown(endings: readonly Ending[], limitMs: number, log: Log): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  let clean = true;
  for (const { name, stop } of endings) {
    let timer: NodeJS.Timeout | undefined;
    const late = Symbol("late");
    try {
      const limit = new Promise<typeof late>((resolve) => (timer = setTimeout(() => resolve(late), Math.max(0, deadline - performance.now()))));
      const ended = await Promise.race([Promise.resolve(stop()), limit]);
      if (ended === late) {
        clean = false;
        log.error({ part: name }, "did not end in time");
      }
    } catch (error) {
      clean = false;
      log.error({ part: name, err: error }, "did not end cleanly");
    } finally {
      clearTimeout(timer);
    }
  }
  return clean;
}

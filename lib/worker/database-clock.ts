import { databaseNow } from "#lib/db/client.ts";
import type { Database } from "#lib/db/client.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";

const measureEveryMs = 30_000;
const firstTriesEveryMs = 1_000;
/** Less than this is the way there and back, and no reason to have a time of one's own. */
const toleratedMs = 1_000;

export interface DatabaseClock extends Clock {
  stop(): void;
}

/**
 * The database's time, by this process's clock and what it is off by. A worker whose machine is ten minutes ahead would take a pod that starts for one that
 * hangs, and return a good rollout. Measured at the start and twice a minute; while the database is away the last measure stands.
 */
export async function createDatabaseClock(db: Database, own: Clock, log: Log): Promise<DatabaseClock> {
  let offsetMs = 0;
  let told = false;
  let measured = false;
  let timer: NodeJS.Timeout | undefined;
  const life = { stopped: false };

  async function measure(): Promise<void> {
    try {
      const before = own.now().getTime();
      const theirs = (await databaseNow(db)).getTime();
      const after = own.now().getTime();
      const off = theirs - (before + after) / 2;
      // A slow answer says little about the time it was given at.
      if (Math.abs(off) > toleratedMs + (after - before)) {
        if (!told) log.warn({ offsetMs: Math.round(off) }, `this machine's clock is ${Math.abs(Math.round(off / 1000))} s ${off < 0 ? "ahead of" : "behind"} the database's, which counts; set it right`);
        told = true;
        offsetMs = off;
      } else {
        offsetMs = 0;
        told = false;
      }
      measured = true;
    } catch (error) {
      log.debug({ err: error }, "the database's time cannot be read; the last measure stands");
    }
    if (life.stopped) return;
    timer = setTimeout(() => void measure(), measured ? measureEveryMs : firstTriesEveryMs);
    timer.unref();
  }

  await measure();
  return {
    now: () => new Date(own.now().getTime() + offsetMs),
    stop() {
      life.stopped = true;
      clearTimeout(timer);
    },
  };
}

import type { Checkpoint } from "#lib/contracts/checkpoint.ts";

interface Pace {
  everyMinutes: number;
  everyEntries: number;
}

/** Whether a checkpoint is to be made now: the first, after so many entries, or after so long, whichever comes first and also when nothing happened. */
export function isCheckpointDue(newest: Pick<Checkpoint, "size" | "time"> | null, size: number, now: Date, { everyMinutes, everyEntries }: Pace): boolean {
  return newest === null || size - newest.size >= everyEntries || now.getTime() - Date.parse(newest.time) >= everyMinutes * 60_000;
}

/** How much later than due a checkpoint may come before that is told: a worker that takes over, a database that was away for a moment. */
const graceMs = 60_000;

/** A sentence when the newest checkpoint is missing or too old; null when all is well. */
export function lateness(newest: Pick<Checkpoint, "size" | "time"> | null, size: number, now: Date, { everyMinutes }: Pace): string | null {
  if (newest === null) return size === 0 ? null : `No checkpoint was ever signed, so nothing outside the database vouches for the ${size} entries of this log. Is the worker running?`;
  const ageMs = now.getTime() - Date.parse(newest.time);
  if (ageMs <= everyMinutes * 60_000 + graceMs) return null;
  return `The newest checkpoint is ${Math.floor(ageMs / 60_000)} minutes old, one is due every ${everyMinutes}: ${Math.max(0, size - newest.size)} entries are vouched for by nothing outside the database. Is the worker running?`;
}

import { dueDelivery, noteDelivered, noteUndelivered } from "#lib/db/repositories/checkpoint.ts";
import { oneLine } from "#lib/domain/notification-text.ts";
import { retryDelayMs } from "#lib/domain/notification.ts";
import { DeliveryError } from "#lib/ports/checkpoints.ts";
import type { CheckpointPlace, Checkpoints } from "#lib/ports/checkpoints.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createDrains } from "#lib/worker/drains.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

export interface Deliverer {
  /** Hands over what is due, and resolves when nothing more is. Places do not wait for each other. */
  look(): Promise<void>;
  close(): Promise<void>;
}

interface DelivererParts {
  context: Pick<ServiceContext, "db" | "log">;
  checkpoints: Pick<Checkpoints, "places">;
  lease: () => LeaseToken | null;
  random: () => number;
  delayMs?: (attempt: number, random: number) => number;
  /** How long a checkpoint that is being handed over may take when the worker stops. */
  patienceMs?: number;
}

/**
 * Brings checkpoints to their places, in order. A place that fails keeps its own waiting, for ever: a checkpoint is not given up. A worker that dies between
 * delivering and writing it down leaves one that is handed over again, which every place takes as the same.
 */
export function createDeliverer({ context, checkpoints, lease, random, delayMs = retryDelayMs, patienceMs }: DelivererParts): Deliverer {
  const { db, log } = context;
  const placeOf = new Map(checkpoints.places.map((place) => [place.name, place]));
  const failing = new Set<string>();
  const drains = createDrains(drain, patienceMs);

  async function next(place: CheckpointPlace): Promise<boolean> {
    if (lease() === null) return false;
    const due = await dueDelivery(db, place.name);
    if (due === null) return false;
    const { checkpoint: { number, checkpoint, key, signature }, attempts } = due;
    try {
      await place.put({ checkpoint, key, signature }, drains.signal);
    } catch (error) {
      if (!(error instanceof DeliveryError)) log.error({ err: error, place: place.name }, "a checkpoint could not be delivered, for a reason nobody foresaw");
      const sentence = error instanceof DeliveryError ? oneLine(error.message) : "Something failed inside Vigie; the worker's log says more.";
      await noteUndelivered(db, number, place.name, sentence.slice(0, 500), delayMs(attempts + 1, random()));
      if (!failing.has(place.name)) log.warn({ place: place.name, size: checkpoint.size }, `a checkpoint of the audit log was not delivered: ${sentence}`);
      failing.add(place.name);
      return false;
    }
    await noteDelivered(db, number, place.name);
    if (failing.delete(place.name)) log.info({ place: place.name }, "checkpoints of the audit log are delivered again");
    return true;
  }

  async function drain(name: string): Promise<void> {
    const place = placeOf.get(name);
    try {
      while (place !== undefined && !drains.stopped() && (await next(place)));
    } catch (error) {
      // The database is away: what waits is still there afterwards.
      log.debug({ err: error, place: name }, "deliveries of checkpoints cannot be looked at; it is tried again");
    }
  }

  return {
    async look() {
      if (drains.stopped()) return;
      drains.begin([...placeOf.keys()]);
      await drains.idle();
    },
    close: drains.close,
  };
}

import type { Database } from "#lib/db/client.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { operationLeaseMs, renewClaim, renewEveryMs } from "#lib/worker/operations/claim.ts";
import type { Claim } from "#lib/worker/operations/claim.ts";

/** This worker must not act on the operation any more: it was taken over, or the database cannot say. Whoever claims it next goes on. */
export class ClaimLost extends Error {
  constructor(claim: Claim, why: string, options?: { cause: unknown }) {
    super(`Operation ${claim.operationId} (epoch ${claim.epoch}) is given up: ${why}`, options);
    this.name = "ClaimLost";
  }
}

export interface ClaimKeeper {
  readonly claim: Claim;
  /** Fires once the claim is lost or `stop` fires; its reason is the ClaimLost. */
  readonly lost: AbortSignal;
  /** Fires when an abort is asked for. */
  readonly abortAsked: AbortSignal;
  abortRequestedBy(): string | null;
  /** Asks the database; throws ClaimLost. Stands before every write to the cluster. */
  hold(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps a claim alive until close(). `stop` ends it early: a worker that shuts down stops acting at the next step of its work. */
export function keepClaim(db: Database, claim: Claim, stop: AbortSignal, log: Log): ClaimKeeper {
  const lost = new AbortController();
  const abortAsked = new AbortController();
  let abortBy: string | null = null;
  let renewedAt = performance.now();
  let closed = false;
  let renewal: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const lose = (why: string, cause?: unknown): ClaimLost => {
    const error = new ClaimLost(claim, why, { cause });
    if (!lost.signal.aborted) lost.abort(error);
    return error;
  };
  const onStop = (): void => void lose("this worker is stopping");
  if (stop.aborted) onStop();
  else stop.addEventListener("abort", onStop, { once: true });

  async function renew(): Promise<void> {
    const sentAt = performance.now();
    const renewed = await renewClaim(db, claim);
    if (renewed === null) throw lose("another worker has claimed it, or its lease ran out");
    renewedAt = sentAt;
    abortBy = renewed.abortRequestedBy;
    if (abortBy !== null && !abortAsked.signal.aborted) abortAsked.abort();
  }

  async function beat(): Promise<void> {
    if (closed || lost.signal.aborted) return;
    try {
      await renew();
    } catch (error) {
      if (!lost.signal.aborted) log.warn({ operation: claim.operationId, error }, "The lease of an operation could not be renewed");
    }
    if (closed || lost.signal.aborted) return;
    timer = setTimeout(() => (renewal = beat()), renewEveryMs);
  }
  timer = setTimeout(() => (renewal = beat()), renewEveryMs);
  // Apart from renewals, because one that hangs must not hide that the time is over.
  const watchdog = setInterval(() => {
    if (performance.now() - renewedAt > operationLeaseMs - 500) lose("the database has not answered for as long as the lease lasts");
  }, 250);

  return {
    claim,
    lost: lost.signal,
    abortAsked: abortAsked.signal,
    abortRequestedBy: () => abortBy,
    async hold() {
      if (lost.signal.aborted) throw lost.signal.reason as ClaimLost;
      try {
        await renew();
      } catch (error) {
        throw error instanceof ClaimLost ? error : lose("the database cannot be asked whether the lease still holds", error);
      }
      if (lost.signal.aborted) throw lost.signal.reason as ClaimLost;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(watchdog);
      stop.removeEventListener("abort", onStop);
      await renewal;
    },
  };
}

import { setTimeout as wait } from "node:timers/promises";
import { ClusterError } from "#lib/ports/cluster.ts";

/** nothing-written: it is certain that this step wrote nothing. elsewhere: what failed says nothing about the release. */
export const stepFailures = ["nothing-written", "elsewhere"] as const;
export type StepFailure = (typeof stepFailures)[number];

/** A step cannot be done; the sentence says why. What was changed goes back. */
export class StepFailed extends Error {
  readonly failure: StepFailure | null;

  constructor(sentence: string, options?: { cause?: unknown; failure?: StepFailure }) {
    super(sentence, options);
    this.name = "StepFailed";
    this.failure = options?.failure ?? null;
  }
}

const firstDelayMs = 200;
const longestDelayMs = 3_000;
/** Somebody who writes many times a second leaves gaps that are found by trying often, not by waiting long. */
const longestConflictPauseMs = 100;

/** What may be tried again: nobody answered, or the server was overloaded. A refusal is an answer. */
function passing(error: ClusterError): boolean {
  return error.reason === "unreachable" || error.reason === "timeout" || error.reason === "throttled" || error.reason === "server";
}

/** How long to wait before the next try: what the server asks for (Retry-After), else longer each time. */
function delayMs(error: ClusterError, tries: number): number {
  return error.retryAfterMs ?? Math.min(longestDelayMs, firstDelayMs * 2 ** tries);
}

/**
 * Asks until there is an answer, until `deadline` (performance.now()). `what` names the attempt: "read Deployment core".
 * Throws StepFailed for refusals and at the deadline; "not-found" and "conflict" are left to the caller.
 */
export async function patiently<T>(what: string, deadline: number, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ClusterError) || error.reason === "not-found" || error.reason === "conflict") throw error;
      if (!passing(error)) throw new StepFailed(`the cluster refuses to ${what}: ${error.message}`, { cause: error, failure: "elsewhere" });
      const pauseMs = delayMs(error, tries);
      if (performance.now() + pauseMs > deadline) throw new StepFailed(`the cluster could not be asked in time to ${what}: ${error.message}`, { cause: error, failure: "elsewhere" });
      await wait(pauseMs, undefined, { signal });
    }
  }
}

/** Whether a failed write has to be looked at again before anything else is tried; its outcome may be unknown. Rethrows refusals as StepFailed. */
export async function afterFailedWrite(what: string, error: unknown, tries: number, deadline: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw signal.reason;
  if (!(error instanceof ClusterError)) throw error;
  const again = error.reason === "conflict" || passing(error) || error.outcomeUnknown;
  if (!again) throw new StepFailed(`the cluster refuses to ${what}: ${error.message}`, { cause: error, failure: "elsewhere" });
  const pauseMs = error.reason === "conflict" ? Math.min(longestConflictPauseMs, 20 * tries) : delayMs(error, tries);
  if (performance.now() + pauseMs > deadline) throw new StepFailed(`the cluster could not be asked in time to ${what}: ${error.message}`, { cause: error, failure: "elsewhere" });
  await wait(pauseMs, undefined, { signal });
}

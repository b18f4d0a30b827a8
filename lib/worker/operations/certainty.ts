import { ClusterError } from "#lib/ports/cluster.ts";
import type { ClusterErrorReason } from "#lib/ports/cluster.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";

/** What the writes of one step came to so far. */
export interface Writes {
  /** True once one arrived, or may have: then what it belongs to has to go back. */
  mayHaveArrived: boolean;
}

/** Answers after which it is certain that nothing was written. All others leave it open. */
const refusals: readonly ClusterErrorReason[] = ["unauthorized", "forbidden", "not-found", "unsupported", "conflict", "gone", "invalid", "throttled"];

/** Does one write and notes what is known of it. */
export async function noted<T>(writes: Writes, write: () => Promise<T>): Promise<T> {
  try {
    const result = await write();
    writes.mayHaveArrived = true;
    return result;
  } catch (error) {
    if (!(error instanceof ClusterError) || error.outcomeUnknown || !refusals.includes(error.reason)) writes.mayHaveArrived = true;
    throw error;
  }
}

/** Runs the writing of one step; a failure before anything could arrive says so, so that nobody returns what was never touched. */
export async function countingWrites(work: (writes: Writes) => Promise<string>): Promise<string> {
  const writes: Writes = { mayHaveArrived: false };
  try {
    return await work(writes);
  } catch (error) {
    if (!(error instanceof StepFailed) || writes.mayHaveArrived) throw error;
    throw new StepFailed(error.message, { cause: error, failure: "nothing-written" });
  }
}

import { appendFileSync } from "node:fs";
import type { RunResult } from "#lib/worker/operations/chaos/test-chaos.ts";

const all: RunResult[] = [];

/** One line a run into CHAOS_LOG, when it is set. */
export function reportRun(result: RunResult): void {
  all.push(result);
  const file = process.env.CHAOS_LOG;
  if (file === undefined) return;
  appendFileSync(file, `${JSON.stringify({ seed: result.scenario.seed, what: result.scenario.what, workers: result.scenario.workers, status: result.status, struck: result.struck, recoveredMs: result.recoveredMs, violations: result.violations })}\n`);
}

export function reportTotals(): void {
  if (process.env.CHAOS_LOG === undefined) return;
  const struck = all.flatMap((run) => run.struck);
  process.stdout.write(`so far: ${all.length} runs, ${struck.length} strikes, ${all.flatMap((run) => run.violations).length} violations\n`);
}

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openChaos } from "#lib/worker/operations/chaos/test-chaos.ts";
import type { Chaos } from "#lib/worker/operations/chaos/test-chaos.ts";
import { reportRun, reportTotals } from "#lib/worker/operations/chaos/test-report.ts";
import { scenarioOf } from "#lib/worker/operations/chaos/test-scenario.ts";

/** `npm run chaos` sets these; a seed alone replays one run. */
const runs = Number(process.env.CHAOS_RUNS ?? 50);
const stages = Math.max(1, Math.min(Number(process.env.CHAOS_STAGES ?? 2), runs));
const firstSeed = Number(process.env.CHAOS_SEED ?? 1);
const perStage = Math.ceil(runs / stages);

describe.concurrent.each(Array.from({ length: stages }, (_, index) => index))("operations under chaos, stage %i", (stage) => {
  let chaos: Chaos;
  beforeAll(async () => {
    chaos = await openChaos(`chaos-${stage}`, { speed: 20 });
  }, 120_000);
  afterAll(async () => {
    reportTotals();
    await chaos?.stop();
  }, 60_000);

  test("no effect without intent, none twice, no mixed release, one outcome, and an end within 15 s of a living worker", async () => {
    const failed: string[] = [];
    for (let index = 0; index < perStage; index += 1) {
      const scenario = scenarioOf(firstSeed + stage * perStage + index, { promoted: chaos.promoted, badPossible: true });
      const result = await chaos.run(scenario);
      reportRun(result);
      failed.push(...result.violations.map((violation) => `seed ${scenario.seed} (${scenario.what}, ${scenario.workers} workers, ${result.struck.join(", ") || "no strike"}): ${violation}`));
    }
    expect(failed).toEqual([]);
  }, perStage * 60_000);
});

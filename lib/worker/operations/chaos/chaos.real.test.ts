import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openChaos } from "#lib/worker/operations/chaos/test-chaos.ts";
import type { Chaos } from "#lib/worker/operations/chaos/test-chaos.ts";
import { reportRun } from "#lib/worker/operations/chaos/test-report.ts";
import { scenarioOf } from "#lib/worker/operations/chaos/test-scenario.ts";
import { openRealWorld } from "#lib/worker/operations/test-real-world.ts";

const kubeconfig = process.env.VIGIE_REAL_KUBECONFIG;
const runs = Number(process.env.CHAOS_RUNS ?? 10);
const firstSeed = Number(process.env.CHAOS_SEED ?? 1);

if (kubeconfig === undefined) {
  describe("operations under chaos, real API server (not run: VIGIE_REAL_KUBECONFIG is not set)", () => {
    test.skip("no effect without intent, none twice, no mixed release, one outcome", () => undefined);
  });
} else {
  describe("operations under chaos, real API server", () => {
    let chaos: Chaos;
    beforeAll(async () => {
      chaos = await openChaos("chaos-real", { world: await openRealWorld(kubeconfig) });
    }, 120_000);
    afterAll(() => chaos?.stop(), 60_000);

    test("no effect without intent, none twice, no mixed release, one outcome, and an end within 15 s of a living worker", async () => {
      const failed: string[] = [];
      for (let seed = firstSeed; seed < firstSeed + runs; seed += 1) {
        const result = await chaos.run(scenarioOf(seed, { promoted: chaos.promoted, badPossible: false }));
        reportRun(result);
        failed.push(...result.violations.map((violation) => `seed ${seed} (${result.scenario.what}, ${result.struck.join(", ") || "no strike"}): ${violation}`));
      }
      expect(failed).toEqual([]);
    }, runs * 90_000);
  });
}

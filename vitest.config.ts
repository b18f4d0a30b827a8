import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import { home } from "#lib/runtime/home.ts";

/** Whole workers and portals, killed and started anew: half a minute and longer each. */
const long = /\/(after-promotion\/|operations\/(isolation-crash|colour-crash|crash|handover|mixed|queue|operations|after-gates|database-trouble)\.|drill-crash\.|suspects\.sandbox\.|worker\/main\.|reflector\.test|processes\.sandbox\.|twelve-sentences\.test|e2e\/(cli|story\.sandbox)\.)/;

/** What takes long begins first, so that nobody waits for it alone in the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer["sort"]>[0]): ReturnType<BaseSequencer["sort"]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => Number(long.test(b.moduleId)) - Number(long.test(a.moduleId)));
  }
}

export default defineConfig({
  test: {
    include: ["{lib,sandbox,components,app,bench,e2e}/**/*.test.{ts,tsx}"],
    // Limits of a starved machine: what Vigie has to do in time is measured where it is promised.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    pool: "forks",
    // Most of the time is waiting (leases that run out, rollouts): three at once even on two cores, where the default would be one.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Processes that tests start read the same three hundred files again and again: compiled once, each starts with half the work.
    env: { NODE_COMPILE_CACHE: join(home(), "compile-cache") },
    sequence: { sequencer: LongestFirst },
    globalSetup: ["lib/db/test-cluster.ts"],
  },
});

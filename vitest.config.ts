import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { home } from "#lib/runtime/home.ts";

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
    globalSetup: ["lib/db/test-cluster.ts"],
  },
});

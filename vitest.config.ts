import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{lib,sandbox,components,app,bench,e2e}/**/*.test.{ts,tsx}"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    globalSetup: ["lib/db/test-cluster.ts"],
  },
});

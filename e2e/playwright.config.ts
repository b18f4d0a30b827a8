import { availableParallelism } from "node:os";
import { defineConfig } from "@playwright/test";
import { browserFlags } from "#lib/runtime/stack/browser.ts";

const executablePath = process.env.VIGIE_BROWSER;

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../.vigie/test-results/browser",
  fullyParallel: false,
  // The incident's story waits for minutes of a real Prometheus, on a portal of its own: the others run meanwhile, one after another, where there
  // is a processor for each of the two portals and its browser.
  workers: availableParallelism() >= 4 ? 2 : 1,
  projects: [
    { name: "alone", testMatch: "incident-story.spec.ts", workers: 1 },
    { name: "portal", testIgnore: "incident-story.spec.ts", workers: 1 },
  ],
  retries: 0,
  forbidOnly: true,
  // Limits of a starved machine: whatever comes, comes long before.
  timeout: 240_000,
  expect: { timeout: 45_000 },
  reporter: [["list"], ["json"]],
  use: {
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { ...(executablePath === undefined ? {} : { executablePath }), args: browserFlags },
  },
});

import { afterAll, describe, expect, it } from "vitest";
import { realFaultCluster, sandboxFaultCluster } from "#lib/worker/watchers/fault-run-cluster.test-support.ts";
import { faultKinds } from "#lib/worker/watchers/fault-run-faults.test-support.ts";
import { runFaultRuns, shortTimes, violationLines } from "#lib/worker/watchers/fault-runs.test-support.ts";

/** The long form, with the times of production and 1,000 runs, is `npm run faults`. */

const sandbox = sandboxFaultCluster();
afterAll(() => sandbox.close());
const kubeconfig = process.env["VIGIE_REAL_KUBECONFIG"];
const names = faultKinds.map(({ name }) => name).filter((name) => name !== "restart as seen by clients");

describe("ACCEPTANCE 20–25, 29: a reflector after each fault alone equals a fresh list, and says meanwhile what is wrong", () => {
  it.concurrent.each(names)("%s", async (name) => {
    const report = await runFaultRuns({ runs: 1, seed: 100 + names.indexOf(name), cluster: sandbox, settings: { ...shortTimes, times: { ...shortTimes.times, hold: [3_000, 3_000] }, only: [name] }, side: 1 });
    expect(violationLines(report)).toEqual([]);
    expect([...report.faults.keys()]).toEqual([name]);
  }, 240_000);
});

it("random faults, 25 runs against the sandbox: in step within five seconds (ten when silent), never falsely live", async () => {
  const report = await runFaultRuns({ runs: 25, seed: 1, cluster: sandbox, settings: shortTimes, side: 5 });
  expect(violationLines(report)).toEqual([]);
  expect(report.runs).toBe(25);
  expect(report.faults.size).toBeGreaterThan(15);
}, 400_000);

it.skipIf(kubeconfig === undefined)("random faults, 25 runs against a real API server", async () => {
  const cluster = realFaultCluster(kubeconfig ?? "");
  try {
    const report = await runFaultRuns({ runs: 25, seed: 1, cluster, settings: shortTimes, side: 5 });
    expect(violationLines(report)).toEqual([]);
  } finally {
    await cluster.close();
  }
}, 400_000);

import { afterAll, beforeAll, describe } from "vitest";
import { missingNote, promtoolBinary, startRealPrometheus, type RealServer } from "#lib/adapters/prometheus/test-server.ts";
import { createTestClock } from "#sandbox/controllers/clock-for-tests.test-support.ts";
import { prometheusContract } from "#sandbox/prometheus/contract.ts";
import { makeHistory, type History } from "#sandbox/prometheus/history.test-support.ts";
import { startPrometheus, type SandboxPrometheus } from "#sandbox/prometheus/server.ts";

describe.skipIf(promtoolBinary === undefined)(`Debian's prometheus${missingNote(promtoolBinary, "prometheus")}`, () => {
  let history: History;
  let sandbox: SandboxPrometheus;
  let real: RealServer;
  beforeAll(async () => {
    history = makeHistory();
    sandbox = await startPrometheus({ targets: () => [], clock: createTestClock(history.endMs), port: 0, host: "127.0.0.1", store: history.store, rules: [] });
    real = await startRealPrometheus({ history: history.text });
  });
  afterAll(async () => {
    await sandbox.stop();
    await real.stop();
  });

  prometheusContract("sandbox", () => ({ url: sandbox.url, wantedUrl: real.url, startMs: history.startMs, endMs: history.endMs }));
});

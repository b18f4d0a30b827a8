import { describe } from "vitest";
import { metricsContract } from "#lib/adapters/prometheus/contract.ts";
import { missingNote, promtoolBinary, startRealPrometheus } from "#lib/adapters/prometheus/test-server.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { makeHistory } from "#sandbox/prometheus/history.test-support.ts";
import { platformRules, rulesYaml } from "#sandbox/prometheus/platform-rules.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";

const rules = platformRules.slice(0, 1);

describe("the sandbox", () => {
  metricsContract("the sandbox's Prometheus", async () => {
    const { store, startMs, endMs } = makeHistory();
    const clock = createClock();
    const server = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", store, rules });
    const stop = async () => {
      await server.stop();
      clock.stop();
    };
    return { url: server.url, startMs, endMs, stop };
  });
});

describe.skipIf(promtoolBinary === undefined)(`Debian's prometheus${missingNote(promtoolBinary, "prometheus")}`, () => {
  metricsContract("the real Prometheus", async () => {
    const { text, startMs, endMs } = makeHistory();
    return { ...(await startRealPrometheus({ history: text, rules: rulesYaml(rules, { intervalSeconds: 1 }) })), startMs, endMs };
  });
});

import { describe } from "vitest";
import { alertsContract } from "#lib/adapters/alertmanager/contract.ts";
import { alertmanagerBinary, missingNote, startRealAlertmanager } from "#lib/adapters/prometheus/test-server.ts";
import { startAlertmanager } from "#sandbox/alertmanager/server.ts";
import { createClock } from "#sandbox/controllers/clock.ts";

describe("the sandbox", () => {
  alertsContract("the sandbox's Alertmanager", async () => {
    const clock = createClock();
    const server = await startAlertmanager({ clock, port: 0, host: "127.0.0.1" });
    const stop = async () => {
      await server.stop();
      clock.stop();
    };
    return { url: server.url, stop };
  });
});

describe.skipIf(alertmanagerBinary === undefined)(`Debian's alertmanager${missingNote(alertmanagerBinary, "prometheus-alertmanager")}`, () => {
  alertsContract("the real Alertmanager", startRealAlertmanager);
});

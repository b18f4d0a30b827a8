import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAlertmanagerByEnvironment } from "#lib/adapters/alertmanager/by-environment.ts";
import { createPrometheusByEnvironment } from "#lib/adapters/prometheus/by-environment.ts";
import { alertmanagerBinary, missingNote, prometheusBinary, startRealAlertmanager, startRealPrometheus } from "#lib/adapters/prometheus/test-server.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { loadConfig } from "#lib/runtime/config.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { receiveAlerts } from "#lib/services/signal/receive.ts";
import { silenceSignal } from "#lib/services/signal/silence.ts";
import { actorWith, createTestContext, nothingOutside } from "#lib/services/test-context.ts";
import { createSignalWatch } from "#lib/worker/incidents/signals/watch.ts";
import { acquireLease, observerLease } from "#lib/worker/lease.ts";
import { platformRules, rulesYaml } from "#sandbox/prometheus/platform-rules.ts";
import { startSandbox } from "#sandbox/start.ts";
import type { Sandbox } from "#sandbox/start.ts";

const missing = prometheusBinary === undefined ? missingNote(undefined, "prometheus") : missingNote(alertmanagerBinary, "prometheus-alertmanager");
const secret = "shown-by-alertmanager-0123456789";

describe.skipIf(prometheusBinary === undefined || alertmanagerBinary === undefined)(`the real Prometheus and Alertmanager over the sandbox's pods${missing}`, () => {
  const ends: (() => Promise<unknown> | void)[] = [];
  let database: TestDatabase;
  let context: ServiceContext;
  let sandbox: Sandbox;
  /** What a message of the webhook took from its arrival until its signals were committed. */
  const tookMs: number[] = [];
  const statuses: string[] = [];

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), "vigie-signals-"));
    ends.push(() => rmSync(home, { recursive: true, force: true }));
    database = await createTestDatabase();
    ends.push(() => database.drop());
    sandbox = await startSandbox({ home, portalUrl: "http://127.0.0.1:3999", speed: 10 });
    ends.push(() => sandbox.stop());
    const receiver = await startReceiver();
    ends.push(() => void receiver.close());
    const { port } = receiver.address() as AddressInfo; // a TCP server that listens
    const alertmanager = await startRealAlertmanager({
      route: { receiver: "vigie", group_by: ["alertname"], group_wait: "100ms", group_interval: "1s", repeat_interval: "1h" },
      receivers: [{ name: "vigie", webhook_configs: [{ url: `http://127.0.0.1:${port}/api/webhooks/alertmanager`, send_resolved: true, http_config: { authorization: { credentials: secret } } }] }],
    });
    ends.push(() => alertmanager.stop());
    const prometheus = await startRealPrometheus({ scrapeConfigs: [{ job_name: "sandbox", http_sd_configs: [{ url: `${sandbox.addresses.metrics}/sd`, refresh_interval: "1s" }] }], rules: rulesYaml(platformRules, { speed: 60, intervalSeconds: 1 }), alertmanagers: [alertmanager.url] });
    ends.push(() => prometheus.stop());
    const { config: written } = loadConfig(sandbox.configFile);
    const config = configSchema.parse({ ...written, prometheus: [{ url: prometheus.url }], alertmanager: [{ url: alertmanager.url }], alerting: { ...written.alerting, pollSeconds: 1 } });
    context = { ...createTestContext(database.db, config), outside: { ...nothingOutside, metrics: createPrometheusByEnvironment(config, () => ""), alerts: createAlertmanagerByEnvironment(config, () => "") } };
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  async function startReceiver(): Promise<Server> {
    const server = createServer((request, response) => {
      const begun = performance.now();
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        statuses.push((JSON.parse(body.toString()) as { status: string }).status);
        receiveAlerts(context, { body: () => Promise.resolve(body), address: "127.0.0.1", authorization: request.headers.authorization ?? null, signature: null, environment: undefined }, secret).then(
          () => {
            tookMs.push(performance.now() - begun);
            response.end();
          },
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  const console = async (path: string, body: object): Promise<void> => {
    const response = await fetch(`${sandbox.addresses.console}/api/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
  };
  const voyage = { environment: "prod", bigPod: "experience", process: "voyage" };
  const told = () => database.db.signalRow.findMany({ where: { kind: "alert", title: "ProcessNotRunning" }, orderBy: { onsetAt: "asc" } });

  test("a process that keeps crashing is told by webhook and by polling as one signal per pod, silenced in Alertmanager, and ends when it runs again", { timeout: 240_000 }, async () => {
    const token = await acquireLease(database.db, observerLease, "test", 600_000);
    const watch = createSignalWatch({ context, lease: () => token });
    const timer = setInterval(() => void watch.look(), 250);
    try {
      await console("faults/crash", { ...voyage, lasting: true });
      await expect.poll(async () => (await told()).map((row) => [row.state, row.environment, row.bigPod, row.service, row.ways.toSorted()]), { timeout: 60_000, interval: 200 }).toEqual(Array.from({ length: 2 }, () => ["firing", "prod", "experience", "voyage", ["alertmanager", "prometheus", "webhook"]]));
      for (const signal of await told()) {
        const prometheus = (await context.outside.metrics("prod")?.alerts())?.find((alert) => alert.name === "ProcessNotRunning" && alert.labels.pod === (signal.labels as Record<string, string>)["pod"]);
        expect(signal.onsetAt).toEqual(prometheus?.activeAt);
        expect(signal.startsAt?.getTime()).toBeGreaterThanOrEqual(signal.onsetAt.getTime());
      }
      const [first] = await told();
      await silenceSignal(context, actorWith("operator"), { environment: "prod", signalId: first?.id ?? "", minutes: 10, comment: "being mended" });
      await expect.poll(async () => (await context.outside.alerts("prod")?.alerts())?.filter((alert) => alert.state === "suppressed").length, { timeout: 60_000 }).toBe(1);
      await console("faults/heal", voyage);
      await expect.poll(async () => (await told()).map((row) => row.state), { timeout: 60_000, interval: 200 }).toEqual(["ended", "ended"]);
      expect(statuses).toContain("resolved");
      // From its arrival a signal is there long before the two seconds in which it is to be on the screen.
      expect(Math.max(...tookMs)).toBeLessThan(2_000);
      expect(await database.db.signalRow.count({ where: { title: "Watchdog" } })).toBe(0);
      expect(await database.db.signalRow.count({ where: { kind: "blind", state: "firing" } })).toBe(0);
    } finally {
      clearInterval(timer);
      await watch.close();
    }
  });
});

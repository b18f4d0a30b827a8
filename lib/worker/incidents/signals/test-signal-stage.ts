import { createAlertmanagerByEnvironment } from "#lib/adapters/alertmanager/by-environment.ts";
import { createPrometheusByEnvironment } from "#lib/adapters/prometheus/by-environment.ts";
import { configSchema } from "#lib/contracts/config.ts";
import type { SignalRow } from "#lib/db/generated/client.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createTestContext, nothingOutside } from "#lib/services/test-context.ts";
import { createSignalWatch } from "#lib/worker/incidents/signals/watch.ts";
import type { SignalWatch } from "#lib/worker/incidents/signals/watch.ts";
import { acquireLease, observerLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { startAlertmanager } from "#sandbox/alertmanager/server.ts";
import type { SandboxAlertmanager } from "#sandbox/alertmanager/server.ts";
import { createTestClock } from "#sandbox/controllers/clock-for-tests.test-support.ts";
import type { TestClock } from "#sandbox/controllers/clock-for-tests.test-support.ts";
import type { AlertRule } from "#sandbox/prometheus/rules.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import type { SandboxPrometheus } from "#sandbox/prometheus/server.ts";

const host = "127.0.0.1";
const rules: AlertRule[] = [
  { alert: "Watchdog", expr: "vector(1)", forSeconds: 0, labels: { severity: "none" }, annotations: {} },
  { alert: "LevelHigh", expr: "level > 5", forSeconds: 30, labels: { severity: "critical" }, annotations: { summary: "The level of {{ $labels.app }} is {{ $value }}." } },
];

export interface SignalStage {
  context: ServiceContext;
  database: TestDatabase;
  prometheus: SandboxPrometheus;
  alertmanager: SandboxAlertmanager;
  /** Sandbox time: what moves Prometheus. */
  clock: TestClock;
  watch: SignalWatch;
  /** What "core" in prod and "experience" in staging show; undefined: nothing to scrape. */
  levels: Record<"core" | "experience", number | undefined>;
  /** Lets sandbox time pass and waits until Alertmanager has (or lacks) what Prometheus sends. */
  pass(seconds: number): Promise<void>;
  /** Waits for alerts of Alertmanager by name. */
  untilAlertmanagerHas(names: readonly string[]): Promise<void>;
  /** One look, with the worker's own clock moved on by so many seconds before it. */
  look(afterSeconds?: number): Promise<void>;
  signals(kind?: string): Promise<SignalRow[]>;
  /** Another worker's turn, or nobody's. */
  setLease(token: LeaseToken | null): void;
  lease(): LeaseToken | null;
  stop(): Promise<void>;
}

/** The observer's watch over a sandbox Prometheus and Alertmanager whose time stands still, on a database of its own. */
export async function openSignalStage(): Promise<SignalStage> {
  const database = await createTestDatabase();
  const clock = createTestClock(Date.now());
  const levels: SignalStage["levels"] = { core: 1, experience: 1 };
  const target = (app: "core" | "experience", environment: string) => ({ path: `/pods/${environment}/${app}/p/metrics`, labels: { job: "pods", instance: app, app, environment }, scrape: () => (levels[app] === undefined ? undefined : [{ name: "level", type: "gauge" as const, help: "A level.", samples: [{ name: "level", labels: {}, value: levels[app] ?? 0 }] }]) });
  const alertmanager = await startAlertmanager({ clock, port: 0, host });
  const prometheus = await startPrometheus({ targets: () => [target("core", "prod"), target("experience", "staging")], clock, port: 0, host, rules, alertmanagers: [alertmanager.url] });
  const config = configSchema.parse({
    platform: { name: "Testing" },
    environments: ["staging", "prod"].map((name) => ({ name, cluster: { kubeconfig: "./kubeconfig" }, namespace: `test-${name}` })),
    bigPods: ["core", "experience"].map((name) => ({ name, workload: { name }, services: [{ name: `${name}-app`, container: "app" }] })),
    prometheus: [{ url: prometheus.url }],
    alertmanager: [{ url: alertmanager.url }],
    alerting: { pollSeconds: 2, watchdog: { silentSeconds: 60 } },
    incidents: { healthSeconds: 15, quietMinutes: 5 },
    access: { providers: [{ id: "sso", kind: "oidc", title: "SSO", issuer: "http://127.0.0.1:1", clientId: "vigie", clientSecret: "env:NONE" }], roles: [{ role: "admin", groups: ["admins"] }] },
  });
  const context: ServiceContext = { ...createTestContext(database.db, config), outside: { ...nothingOutside, metrics: createPrometheusByEnvironment(config, () => ""), alerts: createAlertmanagerByEnvironment(config, () => "") } };
  // A first connection may take longer on a busy machine than a transaction waits for one.
  await database.db.$queryRaw`SELECT 1`;
  let token = await acquireLease(database.db, observerLease, "test", 600_000);
  let nowMs = 1_000_000;
  const watch = createSignalWatch({ context, lease: () => token, now: () => nowMs });

  const names = async (): Promise<string[]> => {
    const response = await fetch(`${alertmanager.url}/api/v2/alerts`);
    return ((await response.json()) as { labels: { alertname: string } }[]).map((alert) => alert.labels.alertname).toSorted();
  };
  const stage: SignalStage = {
    context, database, prometheus, alertmanager, clock, watch, levels,
    async pass(seconds) {
      clock.run(seconds * 1000);
    },
    async untilAlertmanagerHas(wanted) {
      const deadline = performance.now() + 60_000;
      for (;;) {
        const found = await names();
        if (JSON.stringify(found) === JSON.stringify(wanted.toSorted())) return;
        if (performance.now() > deadline) throw new Error(`Alertmanager has ${found.join(", ")}, not ${wanted.join(", ")}`);
      }
    },
    async look(afterSeconds = 2) {
      nowMs += afterSeconds * 1000;
      await watch.look();
    },
    signals: (kind) => database.db.signalRow.findMany({ where: kind === undefined ? {} : { kind }, orderBy: { onsetAt: "asc" } }),
    setLease: (given) => void (token = given),
    lease: () => token,
    async stop() {
      await watch.close();
      await prometheus.stop();
      await alertmanager.stop();
      clock.stop();
      await database.drop();
    },
  };
  return stage;
}

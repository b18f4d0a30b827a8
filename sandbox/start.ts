import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startAlertmanager } from "#sandbox/alertmanager/server.ts";
import { startConsole } from "#sandbox/console/server.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { startControllers } from "#sandbox/controllers/start.ts";
import { startGrafana } from "#sandbox/grafana/server.ts";
import { startGithub } from "#sandbox/github/server.ts";
import { startIdentity } from "#sandbox/identity/server.ts";
import { createFaults } from "#sandbox/kube/faults.ts";
import { startKubeServer } from "#sandbox/kube/server.ts";
import { createStore } from "#sandbox/kube/store.ts";
import { isLoopback } from "#sandbox/loopback.ts";
import { portalConfig, signInProviderId } from "#sandbox/portal-config.ts";
import { startMetricsServer } from "#sandbox/prometheus/metrics-server.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import { listTargets } from "#sandbox/prometheus/targets.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { startSlack } from "#sandbox/slack/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";
import { createWorldControl } from "#sandbox/world/control.ts";
import { createNodeBackend } from "#sandbox/world/node-backend.ts";
import { largeNames, type LargeWorld } from "#sandbox/world/seed-large.ts";
import { seedPlatform } from "#sandbox/world/seed.ts";
import { createWorld } from "#sandbox/world/world.ts";

export interface SandboxOptions {
  /** Folder of everything the sandbox keeps: objects, images, keys, kubeconfig, the portal's configuration. */
  home: string;
  /** 0 or none takes a free one. */
  ports?: { kube?: number; registry?: number; identity?: number; console?: number; prometheus?: number; metrics?: number; grafana?: number; alertmanager?: number; github?: number; slack?: number };
  /** Where people open the portal; sign-in leads back there. Loopback only. */
  portalUrl: string;
  /** Folder of the portal's runbooks; it has none without. */
  runbooks?: string | undefined;
  speed?: number;
  /** Many more workloads beside the platform's. Such a world is made anew at each start: it is not kept. */
  large?: LargeWorld | undefined;
  /** Environments whose Big Pods have two colours; the others are rolled. A kept world changes its layout with it. */
  blueGreen?: readonly string[];
}

export interface Sandbox {
  /** `metrics`: where a real Prometheus can scrape the pods. */
  addresses: { kube: string; registry: string; identity: string; console: string; prometheus: string; metrics: string; grafana: string; alertmanager: string; github: string; slack: string };
  /** The admin's, for kubectl. */
  kubeconfig: string;
  /** The portal's vigie.yaml for this sandbox. */
  configFile: string;
  /** Ends everything in the reverse order of its start; the world goes on from here at the next start. */
  stop(): Promise<void>;
}

const host = "127.0.0.1";
const clientId = "vigie";
const portalKubeconfig = "kubeconfig-portal";
const clientSecretFile = "identity-secret";
const grafanaTokenFile = "grafana-token";
const webhookSecretFile = "webhook-secret";
const slackTokenFile = "slack-token";
const slackChannel = "C0INCIDENTS";
const webhookPath = "/api/webhooks/alertmanager";

/** Starts the whole sandbox, continuing the world that `home` holds. Rejects, with nothing left running, when a part cannot start. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await startParts(options, (end) => stops.push(end))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts({ home, ports = {}, portalUrl, runbooks, speed = 1, large, blueGreen = [] }: SandboxOptions, onStop: (end: () => Promise<void> | void) => void): Promise<Omit<Sandbox, "stop">> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const now = Date.now;
  const catalogue = createCatalogue({ persistFile: join(home, "catalogue.json"), now });
  const store = createStore({ now, ...(large === undefined && { persistFile: join(home, "objects.json") }) });
  onStop(() => store.stop());
  const clock = createClock({ now, speed });
  onStop(() => clock.stop());
  const world = createWorld({ clock });
  onStop(() => world.stopAll());
  seedPlatform(store, catalogue, { now, large, blueGreen });
  const controllers = startControllers({ store, catalogue, world, clock });
  onStop(() => controllers.stop());

  const faults = createFaults();
  const kube = await startKubeServer({ store, backend: createNodeBackend({ store, world, clock }), port: ports.kube ?? 0, host, dataDir: join(home, "kube"), now, faults });
  onStop(() => kube.stop());
  const registry = await startRegistry({ catalogue, port: ports.registry ?? 0, host });
  onStop(() => registry.stop());
  const github = await startGithub({ catalogue, port: ports.github ?? 0, host, now });
  onStop(() => github.stop());
  const clientSecret = keptSecret(join(home, clientSecretFile));
  const identity = await startIdentity({ port: ports.identity ?? 0, host, dataDir: join(home, "identity"), clientId, clientSecret, redirectUris: redirectUris(portalUrl) });
  onStop(() => identity.stop());
  const targets = () => listTargets({ store, world });
  const metrics = await startMetricsServer({ targets, port: ports.metrics ?? 0, host, now });
  onStop(() => metrics.stop());
  const receivers = [{ name: "vigie", url: new URL(webhookPath, portalUrl).href, bearerToken: keptSecret(join(home, webhookSecretFile)) }];
  const alertmanager = await startAlertmanager({ clock, port: ports.alertmanager ?? 0, host, receivers });
  onStop(() => alertmanager.stop());
  const prometheus = await startPrometheus({ targets, clock, port: ports.prometheus ?? 0, host, alertmanagers: [alertmanager.url] });
  onStop(() => prometheus.stop());
  const grafana = await startGrafana({ prometheusUrl: prometheus.url, token: keptSecret(join(home, grafanaTokenFile)), port: ports.grafana ?? 0, host, now: clock.now });
  onStop(() => grafana.stop());
  const slack = await startSlack({ port: ports.slack ?? 0, host, token: keptSecret(join(home, slackTokenFile)), channels: [slackChannel], now });
  onStop(() => slack.stop());
  const control = createWorldControl({ store, catalogue, world });
  const console = await startConsole({ port: ports.console ?? 0, host, control, catalogue, faults, prometheus, grafana, alertmanager, slack, watchCount: () => kube.watchCount() });
  onStop(() => console.stop());

  const kubeconfig = join(home, "kubeconfig");
  writeWhole(kubeconfig, kube.kubeconfigFor("admin"));
  // The portal gets what it would get in production: to read, and to change what it promotes.
  writeWhole(join(home, portalKubeconfig), kube.kubeconfigFor("writer"));
  const configFile = join(home, "vigie.yaml");
  writeWhole(configFile, portalConfig({ kubeconfig: portalKubeconfig, context: "sandbox", registryUrl: registry.url, prometheusUrl: prometheus.url, githubUrl: github.url, grafanaUrl: grafana.url, grafanaTokenFile, alertmanagerUrl: alertmanager.url, webhookSecretFile, slack: { url: `${slack.url}/api`, tokenFile: slackTokenFile, channel: slackChannel }, runbooks, issuer: identity.issuer, clientId, clientSecretFile, blueGreen, more: large === undefined ? [] : largeNames(large) }));
  return { addresses: { kube: kube.url, registry: registry.url, identity: identity.issuer, console: console.url, prometheus: prometheus.url, metrics: metrics.url, grafana: grafana.url, alertmanager: alertmanager.url, github: github.url, slack: slack.url }, kubeconfig, configFile };
}

/** Where sign-in leads back to: the portal's callback, under both names of loopback that people type. */
function redirectUris(portalUrl: string): string[] {
  const given = new URL(portalUrl);
  const names = isLoopback(given.hostname) ? [given.hostname, "127.0.0.1", "localhost"] : [given.hostname];
  const origins = names.map((name) => `${given.protocol}//${name}${given.port === "" ? "" : `:${given.port}`}`);
  return [...new Set(origins)].map((origin) => `${origin}/api/auth/callback/${signInProviderId}`);
}

/** A random secret made once, readable by its owner only. */
function keptSecret(file: string): string {
  if (!existsSync(file)) writeWhole(file, `${randomBytes(32).toString("base64url")}\n`);
  return readFileSync(file, "utf8").trim();
}

/** Beside and renamed, so that nobody reads half a file. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

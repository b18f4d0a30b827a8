import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { VigieError } from "#lib/domain/error.ts";
import { root } from "#lib/runtime/home.ts";
import { isLoopback } from "#lib/runtime/listen-address.ts";
import { freePort } from "#lib/runtime/free-port.ts";
import { bundleSandbox, bundleWorker, webBuild } from "#lib/runtime/stack/build.ts";
import { smallHeap, smallMalloc, startChild, untilReady } from "#lib/runtime/stack/child.ts";
import type { Child } from "#lib/runtime/stack/child.ts";
import { readyDatabase } from "#lib/runtime/stack/database.ts";
import { lockHome } from "#lib/runtime/stack/lock.ts";

export interface StackOptions {
  folder: string;
  host: string;
  port: number;
  /** With the sandbox and its configuration; else `config`. */
  sandbox: boolean;
  /** Configuration file of a stack without sandbox; VIGIE_CONFIG (or vigie.yaml) when left out. */
  config?: string;
  /** "dev" runs next dev instead of the build. */
  mode: "production" | "dev";
  echo?: boolean;
  durable?: boolean;
  env?: Record<string, string>;
  say(line: string): void;
}

export interface Stack {
  url: string;
  databaseUrl: string;
  sandbox: SandboxAddresses | null;
  children: { sandbox: Child | null; worker: Child; web: Child };
  /** Resolves with a sentence when a part ends by itself. */
  broken: Promise<string>;
  startWorker(): Promise<Child>;
  /** Another web process in the place of one that has ended; resolves when it answers. */
  startWeb(): Promise<Child>;
  stop(): Promise<void>;
}

export interface SandboxAddresses {
  kube: string;
  kubeconfig: string;
  console: string;
  registry: string;
  issuer: string;
  config: string;
}

/** Starts database, sandbox, worker and web, in that order, and resolves when the portal answers ready. Stops everything it started when one part fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  if (options.sandbox) refuseOpenSandbox(options.host);
  mkdirSync(join(options.folder, "logs"), { recursive: true });
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    undo.push(await lockHome(options.folder));
    await refuseUsedPort(options.host, options.port);
    const url = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
    const [server, workerScript, sandboxScript, database] = await Promise.all([
      options.mode === "dev" ? Promise.resolve(join(root, "node_modules/next/dist/bin/next")) : webBuild(options.say),
      bundleWorker(options.folder),
      options.sandbox ? bundleSandbox(options.folder) : Promise.resolve(null),
      readyDatabase(options.folder, { durable: options.durable }).then((ready) => {
        undo.push(ready.stop);
        return ready;
      }),
    ]);
    const log = (name: string): string => join(options.folder, "logs", `${name}.log`);
    // The migrating role may become the owner of the audit log: no part that runs may know it.
    const shared = { ...options.env, VIGIE_MIGRATION_URL: undefined, VIGIE_ROOT: root, VIGIE_HOME: options.folder, DATABASE_URL: database.url, HOST: options.host, PORT: String(options.port), NEXTAUTH_URL: process.env.NEXTAUTH_URL ?? url };
    let sandbox: Child | null = null;
    let addresses: SandboxAddresses | null = null;
    if (sandboxScript !== null) {
      const ports = await sandboxPorts(options.folder);
      sandbox = startChild("sandbox", sandboxScript, { env: { ...shared, PORT: undefined, SANDBOX_PORTAL_URL: url, SANDBOX_KUBE_PORT: String(ports.kube), SANDBOX_REGISTRY_PORT: String(ports.registry), SANDBOX_IDENTITY_PORT: String(ports.identity), SANDBOX_CONSOLE_PORT: String(ports.console), SANDBOX_PROMETHEUS_PORT: String(ports.prometheus), SANDBOX_METRICS_PORT: String(ports.metrics), SANDBOX_GITHUB_PORT: String(ports.github), SANDBOX_SLACK_PORT: String(ports.slack), SANDBOX_GRAFANA_PORT: String(ports.grafana), SANDBOX_ALERTMANAGER_PORT: String(ports.alertmanager) }, logFile: log("sandbox"), echo: options.echo });
      undo.push(() => sandbox?.stop());
      addresses = await Promise.race([sandboxReady(sandbox), sandbox.exited.then((sentence) => Promise.reject(new VigieError("unavailable", `${sentence}:\n${sandbox?.tail()}`)))]);
    }
    const given = options.config ?? process.env.VIGIE_CONFIG;
    const config = addresses?.config ?? (given === undefined ? undefined : resolve(given));
    const env = { ...shared, ...(config === undefined ? {} : { VIGIE_CONFIG: config }) };
    const startWorker = async (): Promise<Child> => {
      const child = startChild("worker", workerScript, { env: { ...env, ...smallMalloc }, nodeArgs: smallHeap, logFile: log("worker"), echo: options.echo });
      undo.push(() => child.stop());
      return child;
    };
    const worker = await startWorker();
    const launchWeb = (): Child => {
      const child = startChild("web", server, { env: { ...env, ...smallMalloc, HOSTNAME: options.host, NODE_ENV: options.mode === "dev" ? "development" : "production", NEXT_TELEMETRY_DISABLED: "1" }, args: options.mode === "dev" ? ["dev", "--hostname", options.host, "--port", String(options.port)] : [], nodeArgs: options.mode === "dev" ? [] : smallHeap, logFile: log("web"), echo: options.echo });
      undo.push(() => child.stop());
      return child;
    };
    const web = launchWeb();
    const startWeb = async (): Promise<Child> => {
      const child = launchWeb();
      await untilReady(child, "The portal", 120_000, () => answersReady(url));
      return child;
    };
    const workerGone = worker.exited.then((sentence) => Promise.reject(new VigieError("unavailable", `${sentence}:\n${worker.tail()}`)));
    workerGone.catch(() => undefined);
    await Promise.race([untilReady(web, "The portal", 120_000, () => answersReady(url)), workerGone]);
    const broken = Promise.race([worker.exited, web.exited, ...(sandbox === null ? [] : [sandbox.exited])]);
    return { url, databaseUrl: database.url, sandbox: addresses, children: { sandbox, worker, web }, broken, startWorker, startWeb, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The sandbox prints one JSON line with its addresses when all of it answers. */
function sandboxReady(sandbox: Child): Promise<SandboxAddresses> {
  return new Promise((resolve) => {
    let text = "";
    sandbox.process.stdout?.on("data", function read(chunk: Buffer) {
      text += chunk.toString();
      const line = text.split("\n").slice(0, -1).find((one) => one.startsWith('{"ready":true'));
      if (line === undefined) return;
      sandbox.process.stdout?.off("data", read);
      const { kube, console: consoleUrl, registry, identity, kubeconfig, configFile } = JSON.parse(line);
      resolve({ kube, console: consoleUrl, registry, issuer: identity, kubeconfig, config: configFile });
    });
  });
}

async function answersReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/readyz`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** The sandbox's accounts have no password: nobody but this machine may reach them. */
function refuseOpenSandbox(host: string): void {
  if (!isLoopback(host)) throw new VigieError("invalid", `The sandbox has accounts without a password, so it runs only when the portal listens on loopback. HOST is ${host}: leave it out, or use 127.0.0.1.`);
}

async function refuseUsedPort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "is in use by another program" : `cannot be listened on (${cause.code ?? cause.message})`;
      reject(new VigieError("conflict", `Port ${port} on ${host} ${why}. Choose another one: PORT=${port === 65_535 ? 3001 : port + 1}.`, { cause }));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

const sandboxPortNames = ["kube", "registry", "identity", "console", "prometheus", "metrics", "grafana", "alertmanager", "github", "slack"] as const;

/** The sandbox keeps its ports over restarts, so that its kubeconfig stays good. */
async function sandboxPorts(folder: string): Promise<Record<(typeof sandboxPortNames)[number], number>> {
  const file = join(folder, "sandbox-ports.json");
  // A folder of an earlier version knows fewer of them.
  const known: Partial<Record<string, number>> = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const entries = await Promise.all(sandboxPortNames.map(async (name) => [name, known[name] ?? (await freePort())] as const));
  const ports = Object.fromEntries(entries) as Record<(typeof sandboxPortNames)[number], number>; // every name has its entry
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { freePort } from "#lib/runtime/free-port.ts";

/** Where a program is on the PATH or in Debian's place, if it is. */
function find(names: readonly string[]): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
}

export const prometheusBinary = find(["prometheus"]);
export const promtoolBinary = find(["promtool"]);
export const alertmanagerBinary = find(["prometheus-alertmanager", "alertmanager"]);

/** For the title of a suite that needs the real server: says why it is not run. */
export function missingNote(binary: string | undefined, debianPackage: string): string {
  return binary === undefined ? ` (not run: ${debianPackage} is not on the PATH; apt-get install ${debianPackage})` : "";
}

export interface RealServer {
  url: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface RealPrometheusOptions {
  /** As in prometheus.yml, for instance `{ job_name: "sandbox", http_sd_configs: [{ url: `${metrics}/sd`, refresh_interval: "1s" }] }`. */
  scrapeConfigs?: readonly object[];
  /** Of scraping and of the rules' evaluation. */
  intervalMs?: number;
  /** Text of a rules file. */
  rules?: string;
  /** Addresses ("http://127.0.0.1:9093") that alerts are sent to. */
  alertmanagers?: readonly string[];
  /** Text in OpenMetrics form with timestamps, to begin with: needs promtool. */
  history?: string;
  /** User and bcrypt hash, as in web.yml. */
  basicAuth?: Readonly<Record<string, string>>;
}

/** Starts the real Prometheus on a free loopback port with a folder of its own. Rejects with its last lines when it does not come up. */
export async function startRealPrometheus({ scrapeConfigs = [], intervalMs = 1_000, rules, alertmanagers = [], history, basicAuth }: RealPrometheusOptions = {}): Promise<RealServer> {
  if (prometheusBinary === undefined) throw new Error("prometheus is not on the PATH");
  const binary = prometheusBinary;
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
  const config = {
    global: { scrape_interval: `${intervalMs}ms`, scrape_timeout: `${intervalMs}ms`, evaluation_interval: `${intervalMs}ms` },
    scrape_configs: scrapeConfigs,
    ...(rules !== undefined && { rule_files: [join(folder, "rules.yml")] }),
    ...(alertmanagers.length > 0 && { alerting: { alertmanagers: alertmanagers.map((url) => ({ static_configs: [{ targets: [new URL(url).host] }] })) } }),
  };
  writeFileSync(join(folder, "prometheus.yml"), stringify(config));
  if (rules !== undefined) writeFileSync(join(folder, "rules.yml"), rules);
  if (basicAuth !== undefined) writeFileSync(join(folder, "web.yml"), stringify({ basic_auth_users: basicAuth }));
  if (history !== undefined) await fill(folder, history);
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, "--storage.tsdb.retention.time=100y", `--rules.alert.resend-delay=${intervalMs}ms`, ...(basicAuth === undefined ? [] : [`--web.config.file=${folder}/web.yml`])];
  return startServer("prometheus", folder, (port) => ({ binary, args: [...flags, `--web.listen-address=127.0.0.1:${port}`], ready: "Server is ready to receive web requests" }));
}

async function fill(folder: string, history: string): Promise<void> {
  if (promtoolBinary === undefined) throw new Error("promtool is not on the PATH");
  writeFileSync(join(folder, "history.txt"), history);
  await promisify(execFile)(promtoolBinary, ["tsdb", "create-blocks-from", "openmetrics", join(folder, "history.txt"), join(folder, "data")], { maxBuffer: 64 * 1024 * 1024 });
}

/** Starts the real Alertmanager on a free loopback port. `config` as in alertmanager.yml. */
export async function startRealAlertmanager(config: object = { route: { receiver: "none" }, receivers: [{ name: "none" }] }): Promise<RealServer> {
  if (alertmanagerBinary === undefined) throw new Error("alertmanager is not on the PATH");
  const binary = alertmanagerBinary;
  const folder = mkdtempSync(join(tmpdir(), "alertmanager-"));
  writeFileSync(join(folder, "alertmanager.yml"), stringify(config));
  const flags = [`--config.file=${folder}/alertmanager.yml`, `--storage.path=${folder}/data`, "--cluster.listen-address="];
  return startServer("alertmanager", folder, (port) => ({ binary, args: [...flags, `--web.listen-address=127.0.0.1:${port}`], ready: "Listening on" }));
}

interface Launch {
  binary: string;
  args: string[];
  /** In the line on stderr that says it listens. */
  ready: string;
}

/** They cannot be told to take a free port, so one is looked for; should another program take it in between, another is tried. */
async function startServer(name: string, folder: string, launchAt: (port: number) => Launch, attempts = 3): Promise<RealServer> {
  const port = await freePort();
  const { binary, args, ready } = launchAt(port);
  const child = spawn(binary, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async (): Promise<void> => {
    process.off("exit", kill);
    kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const lines: string[] = [];
  const outcome = await new Promise<"ready" | "ended">((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      if (lines.length > 50) lines.shift();
      if (line.includes(ready)) resolve("ready");
    });
    exited.then(() => resolve("ended"), reject);
  });
  if (outcome === "ready") return { url: `http://127.0.0.1:${port}`, stop };
  process.off("exit", kill);
  if (attempts > 1 && lines.some((line) => line.includes("address already in use"))) return startServer(name, folder, launchAt, attempts - 1);
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`${name} stopped before it was ready:\n${lines.join("\n")}`);
}

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { registryClient } from "#sandbox/registry/contract-client.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

interface Ready {
  ready: boolean;
  kube: string;
  registry: string;
  identity: string;
  console: string;
  prometheus: string;
  grafana: string;
  metrics: string;
  alertmanager: string;
  github: string;
  slack: string;
  kubeconfig: string;
  configFile: string;
}

let home: string;
let children: ChildProcess[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sandbox-main-"));
  children = [];
});
afterEach(async () => {
  for (const child of children) await end(child, "SIGKILL");
  rmSync(home, { recursive: true });
});

function run(variables: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [main], { env: { ...process.env, VIGIE_HOME: home, ...variables }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return child;
}

async function ready(child: ChildProcess): Promise<Ready> {
  if (child.stdout === null) throw new Error("no stdout");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return JSON.parse(String(line)) as Ready;
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill(signal);
  return (await exited)[0];
}

const port = (url: string) => new URL(url).port;

test("a killed sandbox comes back at the same addresses with what was pushed to it", { timeout: 120_000 }, async () => {
  const first = run();
  const before = await ready(first);
  expect(before.kubeconfig).toBe(join(home, "sandbox", "kubeconfig"));
  const pushed = await fetch(`${before.console}/api/releases`, { method: "POST", body: JSON.stringify({ environment: "dev", bigPod: "experience" }) });
  expect(pushed.status).toBe(200);
  await end(first, "SIGKILL");
  const second = run({ SANDBOX_KUBE_PORT: port(before.kube), SANDBOX_REGISTRY_PORT: port(before.registry), SANDBOX_IDENTITY_PORT: port(before.identity), SANDBOX_CONSOLE_PORT: port(before.console), SANDBOX_PROMETHEUS_PORT: port(before.prometheus), SANDBOX_METRICS_PORT: port(before.metrics), SANDBOX_GITHUB_PORT: port(before.github), SANDBOX_SLACK_PORT: port(before.slack), SANDBOX_GRAFANA_PORT: port(before.grafana), SANDBOX_ALERTMANAGER_PORT: port(before.alertmanager) });
  expect(await ready(second)).toEqual(before);
  const tags = await registryClient(before.registry).request("/v2/dreamscape-ai/experience-pod/tags/list");
  expect(((await tags.json()) as { tags: string[] }).tags).toContain("v2.4.1");
  expect(await end(second, "SIGTERM")).toBe(0);
});

test("names the variable that is wrong, and does not start", { timeout: 120_000 }, async () => {
  const child = run({ SANDBOX_KUBE_PORT: "many" });
  const chunks: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  expect((await once(child, "close"))[0]).toBe(1);
  expect(chunks.join("")).toContain("SANDBOX_KUBE_PORT");
});

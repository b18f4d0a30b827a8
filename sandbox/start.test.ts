import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import type { ConsoleState } from "#sandbox/console/server.ts";
import { registryClient } from "#sandbox/registry/contract-client.ts";
import { startSandbox, type Sandbox } from "#sandbox/start.ts";

let home: string;
let sandbox: Sandbox | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sandbox-"));
});
afterEach(async () => {
  await sandbox?.stop();
  sandbox = undefined;
  rmSync(home, { recursive: true });
});

/** The fields that the tests read, of whatever kind the answer is. */
interface KubeAnswer {
  metadata: { uid: string; resourceVersion: string };
  items: { metadata: { name: string }; status: { containerStatuses?: { imageID: string }[] } }[];
  checks: Record<string, { observedValue: string }[]>;
}

const portsOf = ({ addresses }: Sandbox) => Object.fromEntries(Object.entries(addresses).map(([name, url]) => [name, Number(new URL(url).port)]));

async function start(ports = {}): Promise<Sandbox> {
  sandbox = await startSandbox({ home, portalUrl: "http://127.0.0.1:3999", speed: 20, ports });
  return sandbox;
}

/** A GET with a kubeconfig's address, authority and token. */
function kubeGet(kubeconfig: string, path: string): Promise<{ status: number; body: KubeAnswer }> {
  const config = parse(readFileSync(kubeconfig, "utf8"));
  const { server, "certificate-authority-data": ca } = config.clusters[0].cluster;
  const headers = { authorization: `Bearer ${config.users[0].user.token}` };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, server), { ca: Buffer.from(ca, "base64"), headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) }));
    });
    sent.on("error", reject).end();
  });
}

async function consoleState({ addresses }: Sandbox): Promise<ConsoleState> {
  return (await (await fetch(`${addresses.console}/api/state`)).json()) as ConsoleState;
}

async function bigPodsReady(running: Sandbox): Promise<boolean[]> {
  const { world } = await consoleState(running);
  return world.environments.flatMap(({ bigPods }) => bigPods.map((bigPod) => bigPod.replicas > 0 && bigPod.readyReplicas === bigPod.replicas));
}

test("starts a platform that is well, and whose parts fit together", async () => {
  const running = await start();
  await expect.poll(() => bigPodsReady(running), { timeout: 20_000 }).toEqual(Array.from({ length: 9 }, () => true));
  const config = parse(readFileSync(running.configFile, "utf8"));
  const kubeconfig = join(home, config.environments[2].cluster.kubeconfig);
  const pods = await kubeGet(kubeconfig, `/api/v1/namespaces/${config.environments[2].namespace}/pods`);
  const images = pods.body.items.flatMap((pod) => (pod.status.containerStatuses ?? []).map((status) => status.imageID));
  expect(images.length).toBeGreaterThan(0);
  const client = registryClient(config.registries[0].url);
  for (const image of new Set(images)) {
    const [, name, digest] = /ghcr\.io\/([^@]+)@(sha256:[0-9a-f]{64})$/.exec(image) ?? [];
    expect((await client.request(`/v2/${name}/manifests/${digest}?ns=ghcr.io`)).headers.get("docker-content-digest")).toBe(digest);
  }
  const discovery = await fetch(`${config.access.providers[0].issuer}/.well-known/openid-configuration`);
  expect(((await discovery.json()) as { issuer: string }).issuer).toBe(config.access.providers[0].issuer);
  const [, secretFile = ""] = config.access.providers[0].clientSecret.split(":");
  for (const file of [secretFile, "kubeconfig", "kubeconfig-portal"]) expect(statSync(join(home, file)).mode & 0o077).toBe(0);
});

test("gives the portal a token that may change what it promotes and no more", async () => {
  const running = await start();
  const portal = join(home, "kubeconfig-portal");
  expect((await kubeGet(portal, "/apis/apps/v1/namespaces/dreamscape-prod/deployments/core")).status).toBe(200);
  expect((await kubeGet(portal, "/api/v1/namespaces/dreamscape-prod/secrets")).status).toBe(403);
  expect((await kubeGet(running.kubeconfig, "/api/v1/nodes")).status).toBe(200);
});

test("what the console breaks is broken in the cluster, and right again after", async () => {
  const running = await start();
  await expect.poll(() => bigPodsReady(running), { timeout: 20_000 }).not.toContain(false);
  const post = async (path: string, body: object) => (await fetch(`${running.addresses.console}/api/${path}`, { method: "POST", body: JSON.stringify(body) })).status;
  const pods = await kubeGet(running.kubeconfig, "/api/v1/namespaces/dreamscape-prod/pods?labelSelector=app.kubernetes.io%2Fname%3Dexperience");
  const health = async () => (await kubeGet(running.kubeconfig, `/api/v1/namespaces/dreamscape-prod/pods/${pods.body.items[0]?.metadata.name}:9000/proxy/health`)).body.checks["panorama:process"]?.[0]?.observedValue;
  expect(await health()).toBe("RUNNING");
  expect(await post("faults/crash", { environment: "prod", bigPod: "experience", process: "panorama", lasting: true })).toBe(200);
  await expect.poll(health, { timeout: 20_000 }).toBe("FATAL");
  expect(await post("faults/api-server", { forbid: [{ resource: "pods" }] })).toBe(200);
  expect((await kubeGet(running.kubeconfig, "/api/v1/pods")).status).toBe(403);
  expect(await post("put-right", {})).toBe(200);
  await expect.poll(health, { timeout: 20_000 }).toBe("RUNNING");
  expect((await consoleState(running)).apiServer.forbid).toEqual([]);
});

test("a release that is ready and answers with errors shows in Prometheus alone, and is put right", async () => {
  const running = await start();
  await expect.poll(() => bigPodsReady(running), { timeout: 20_000 }).not.toContain(false);
  const [{ url }] = parse(readFileSync(running.configFile, "utf8")).prometheus;
  const firing = async () => {
    const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as { data: { alerts: { labels: Record<string, string>; state: string }[] } };
    return data.alerts.filter((alert) => alert.state === "firing").map(({ labels }) => [labels.alertname, labels.environment, labels.service].filter(Boolean).join(" "));
  };
  const post = async (path: string, body: object) => (await fetch(`${running.addresses.console}/api/${path}`, { method: "POST", body: JSON.stringify(body) })).status;
  await expect.poll(firing, { timeout: 20_000 }).toEqual(["Watchdog"]);
  expect(await post("faults/release", { environment: "prod", kind: "errors" })).toBe(200);
  await expect.poll(firing, { timeout: 30_000 }).toContain("HighErrorRatio prod voyage");
  expect(await bigPodsReady(running)).not.toContain(false);
  expect(await post("faults/prometheus", { down: true })).toBe(200);
  await expect(fetch(`${url}/-/ready`)).rejects.toThrow();
  expect(await post("put-right", {})).toBe(200);
  expect((await fetch(`${url}/-/ready`)).status).toBe(200);
}, 90_000);

test("goes on with the stored world, on the same ports, after a stop", async () => {
  const path = "/apis/apps/v1/namespaces/dreamscape-prod/deployments/core";
  const first = await start();
  const before = await kubeGet(first.kubeconfig, path);
  const ports = portsOf(first);
  const kubeconfig = readFileSync(first.kubeconfig, "utf8");
  await first.stop();
  const second = await start(ports);
  const after = await kubeGet(second.kubeconfig, path);
  expect(after.body.metadata.uid).toBe(before.body.metadata.uid);
  expect(Number(after.body.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(before.body.metadata.resourceVersion));
  expect(second.addresses).toEqual(first.addresses);
  expect(readFileSync(second.kubeconfig, "utf8")).toBe(kubeconfig);
});

test("leaves nothing running when one part cannot start", async () => {
  const running = await start();
  const other = mkdtempSync(join(tmpdir(), "sandbox-"));
  try {
    const taken = { console: portsOf(running).console ?? 0 };
    await expect(startSandbox({ home: other, portalUrl: "http://127.0.0.1:3999", ports: taken })).rejects.toThrow("console could not listen");
    expect(existsSync(join(other, "vigie.yaml"))).toBe(false);
    await expect(startSandbox({ home: other, portalUrl: "http://vigie.example.com" })).rejects.toThrow("only exist for a portal on loopback");
  } finally {
    rmSync(other, { recursive: true });
  }
});

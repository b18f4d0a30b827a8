import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nextVersion } from "#sandbox/console/releases.ts";
import { startConsole, type ConsoleState } from "#sandbox/console/server.ts";
import { startAlertmanager, type SandboxAlertmanager } from "#sandbox/alertmanager/server.ts";
import { startSlack, type SandboxSlack } from "#sandbox/slack/server.ts";
import { createFaults, type FaultAction } from "#sandbox/kube/faults.ts";
import { startGrafana, type SandboxGrafana } from "#sandbox/grafana/server.ts";
import { startPrometheus, type SandboxPrometheus } from "#sandbox/prometheus/server.ts";
import { createPlatformLab, type PlatformLab } from "#sandbox/world/platform-lab.test-support.ts";

describe("the sandbox's console", () => {
  let lab: PlatformLab;
  let server: Awaited<ReturnType<typeof startConsole>>;
  let acts: FaultAction[];
  let prometheus: SandboxPrometheus;
  let grafana: SandboxGrafana;
  let alertmanager: SandboxAlertmanager;
  let slack: SandboxSlack;

  beforeEach(async () => {
    lab = createPlatformLab();
    const faults = createFaults();
    acts = [];
    faults.onAction((act) => acts.push(act));
    prometheus = await startPrometheus({ targets: () => [], clock: lab.clock, port: 0, host: "127.0.0.1", rules: [] });
    grafana = await startGrafana({ prometheusUrl: prometheus.url, token: "glsa_test", port: 0, host: "127.0.0.1" });
    alertmanager = await startAlertmanager({ clock: lab.clock, port: 0, host: "127.0.0.1" });
    slack = await startSlack({ port: 0, host: "127.0.0.1", token: "xoxb-demo", channels: ["C1"] });
    server = await startConsole({ port: 0, host: "127.0.0.1", now: lab.clock.now, control: lab.control, catalogue: lab.catalogue, faults, prometheus, grafana, alertmanager, slack });
  });
  afterEach(async () => {
    await server.stop();
    await grafana.stop();
    await prometheus.stop();
    await alertmanager.stop();
    await slack.stop();
    lab.stop();
  });

  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(server.url + path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), headers });
    const answer = (await response.json()) as { message?: string; state?: ConsoleState; error?: { code: string; message: string } };
    return { status: response.status, ...answer };
  }

  const state = async () => (await (await fetch(`${server.url}/api/state`)).json()) as ConsoleState;
  const page = async () => (await fetch(server.url)).text();
  const bigPod = async (environment: string, name: string) => (await state()).world.environments.find((one) => one.name === environment)?.bigPods.find((one) => one.name === name);

  it("shows every process with the buttons that break it, by what they do", async () => {
    const html = await page();
    for (const environment of ["dev", "staging", "prod"]) expect(html).toContain(`>Crash voyage in ${environment}</button>`);
    expect(html).toContain(">Keep nginx crashing in prod</button>");
    expect(html).toContain(">Take node arm-a1-1 down</button>");
    expect(html).not.toContain(">Heal voyage in prod</button>");
    const ids = [...html.matchAll(/<button id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("crashes one process, for ever if asked, and heals it", async () => {
    const target = { environment: "prod", bigPod: "experience", process: "voyage" };
    const { message, state: after } = await post("/api/faults/crash", { ...target, lasting: true });
    expect(message).toBe("voyage in prod now crashes at every start.");
    expect(after?.world.environments[2]?.bigPods.find((one) => one.name === "experience")?.crashing).toEqual(["voyage"]);
    expect(await page()).toContain(">Heal voyage in prod</button>");
    await post("/api/faults/heal", target);
    expect((await bigPod("prod", "experience"))?.crashing).toEqual([]);
    const voyage = async () => (await bigPod("prod", "experience"))?.pods.map((pod) => pod.processes.find((one) => one.name === "voyage")?.ok);
    lab.clock.run(30_000);
    expect(await voyage()).toEqual([true, true]);
    await post("/api/faults/crash", target);
    expect(await voyage()).toEqual([false, false]);
    lab.clock.run(30_000);
    expect(await voyage()).toEqual([true, true]);
  });

  it("every button of the page is one that the control API takes", async () => {
    await post("/api/faults/crash", { environment: "dev", bigPod: "core", process: "nginx", lasting: true });
    const buttons = [...(await page()).matchAll(/data-path="([^"]+)" data-body="([^"]+)"/g)];
    expect(buttons.length).toBeGreaterThan(40);
    for (const [, path = "", body = ""] of buttons) expect(await post(path, body.replaceAll("&quot;", '"'))).toMatchObject({ status: 200 });
  });

  it("deploys a bad release to the Big Pod it is for", async () => {
    expect((await post("/api/faults/release", { environment: "staging", kind: "out-of-memory" })).status).toBe(200);
    expect((await bigPod("staging", "experience"))?.images).toEqual(["ghcr.io/dreamscape-ai/experience-pod:v2.4.0-oom"]);
    lab.store.delete("deployments.apps", "dreamscape-staging", "commerce", {});
    expect(await post("/api/faults/release", { environment: "staging", kind: "unpullable" })).toMatchObject({ status: 404, error: { code: "not-found", message: 'There is no Big Pod "commerce" in staging. There are: core, experience.' } });
  });

  it("pushes a good build: one new version for all images of a Big Pod that a pipeline builds", async () => {
    const { status, message } = await post("/api/releases", { environment: "staging", bigPod: "core" });
    expect([status, message]).toEqual([200, expect.stringContaining("auth-service:v1.5.3 and ghcr.io/dreamscape-ai/user-service:v1.5.3")]);
    const [nginx, auth, user, monitor] = (await bigPod("staging", "core"))?.images ?? [];
    expect([nginx, auth, user, monitor].map((image) => image?.slice("ghcr.io/dreamscape-ai/".length))).toEqual(["nginx:1.27.2", "auth-service:v1.5.3", "user-service:v1.5.3", "health-monitor:v1.0.3"]);
    const build = lab.catalogue.resolve("ghcr.io/dreamscape-ai/auth-service:v1.5.3");
    expect(build).toMatchObject({ behaviour: { kind: "healthy" }, inRegistry: true, source: "https://github.com/dreamscape-ai/auth-service" });
    expect(build?.revision).not.toBe(lab.catalogue.resolve("ghcr.io/dreamscape-ai/user-service:v1.5.3")?.revision);
    await post("/api/releases", { environment: "staging", bigPod: "core" });
    expect(lab.catalogue.resolve("ghcr.io/dreamscape-ai/auth-service:v1.5.4")).toBeDefined();
  });

  it("exhausts the memory of a Big Pod, loads it, and mends it", async () => {
    const target = { environment: "prod", bigPod: "experience" };
    await post("/api/faults/exhaust-memory", { ...target, process: "panorama" });
    expect((await state()).world.faults).toMatchObject([{ namespace: "dreamscape-prod", bigPod: "experience", behaviour: { kind: "out-of-memory", process: "panorama" } }]);
    expect(await page()).not.toContain(">Exhaust the memory of experience in prod</button>");
    await post("/api/faults/cpu-load", { ...target, ratio: 1.5 });
    const load = () => lab.bigPod("prod", "experience").reduce((sum, pod) => sum + lab.world.milliCpuOf(pod), 0);
    const loaded = load();
    await post("/api/faults/mend", target);
    expect(load()).toBeLessThan(loaded / 2);
    expect((await state()).world.faults).toEqual([]);
    const before = lab.store.list("pods").length;
    await post("/api/faults/fill-nodes", {});
    expect(lab.store.list("pods").length).toBeGreaterThan(before);
  });

  it("degrades a Big Pod, and refuses what no share is", async () => {
    const target = { environment: "prod", bigPod: "experience" };
    expect(await post("/api/faults/degrade", { ...target, process: "voyage", errorRatio: 0.3, latencyFactor: 5 })).toMatchObject({ status: 200, message: "voyage in prod now answers badly, while its pods stay ready." });
    expect((await state()).world.faults).toEqual([{ namespace: "dreamscape-prod", bigPod: "experience", behaviour: { kind: "degraded", process: "voyage", errorRatio: 0.3, latencyFactor: 5 } }]);
    expect(await post("/api/faults/degrade", { ...target, memoryRatio: 1.5 })).toMatchObject({ status: 400, error: { code: "invalid" } });
    expect(await post("/api/faults/degrade", { ...target, process: "nginx" })).toMatchObject({ status: 404 });
  });

  it("stops Prometheus, breaks its answers, and puts it right", async () => {
    expect(await post("/api/faults/prometheus", { down: true, nan: true })).toMatchObject({ status: 200, message: "Prometheus is stopped.", state: { prometheus: { down: true, nan: true, unavailable: false } } });
    expect(await page()).toContain(">Start Prometheus</button>");
    expect(await post("/api/faults/prometheus", { latencyMs: -1 })).toMatchObject({ status: 400 });
    await post("/api/put-right", {});
    expect((await state()).prometheus).toMatchObject({ down: false, nan: false });
  });

  it("stops Grafana, forbids framing it and lets it want a login, and puts that right", async () => {
    expect(await post("/api/faults/grafana", { forbidFraming: true, login: true })).toMatchObject({ status: 200, state: { grafana: { down: false, forbidFraming: true, login: true, url: grafana.url } } });
    expect((await fetch(`${grafana.url}/d-solo/dreamscape-big-pods/x?panelId=1`, { redirect: "manual" })).status).toBe(302);
    expect(await post("/api/faults/grafana", { down: true })).toMatchObject({ message: "Grafana is stopped." });
    await expect(fetch(`${grafana.url}/api/health`)).rejects.toThrow();
    expect(await page()).toContain("Start Grafana");
    await post("/api/put-right", {});
    expect((await state()).grafana).toMatchObject({ down: false, forbidFraming: false, login: false });
    expect((await fetch(`${grafana.url}/api/health`)).status).toBe(200);
  });

  it("stops Alertmanager, restarts it without its alerts, and stops the Watchdog", async () => {
    const alerts = async () => ((await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()) as unknown[]).length;
    await fetch(`${alertmanager.url}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify([{ labels: { alertname: "X" } }]) });
    expect(await alerts()).toBe(1);
    expect((await post("/api/faults/alertmanager", { restart: true })).message).toContain("knows no alerts");
    expect(await alerts()).toBe(0);
    expect((await post("/api/faults/alertmanager", { down: true })).state?.alertmanager.down).toBe(true);
    await expect(alerts()).rejects.toThrow("fetch failed");
    expect(await page()).toContain(">Start Alertmanager</button>");
    expect((await post("/api/faults/prometheus", { watchdogStopped: true })).state?.prometheus.watchdogStopped).toBe(true);
    const { state: after } = await post("/api/put-right", {});
    expect([after?.alertmanager.down, after?.prometheus.watchdogStopped]).toEqual([false, false]);
    expect(await alerts()).toBe(0);
  });

  it("fills the quota of one environment and lifts it", async () => {
    expect(await post("/api/faults/quota", { environment: "prod", full: true })).toMatchObject({ status: 200, message: "The quota of prod is full: new pods are refused." });
    expect(await page()).toContain(">Lift the quota of prod</button>");
    expect(await page()).toContain(">Fill the quota of staging</button>");
    await post("/api/faults/quota", { environment: "prod", full: false });
    expect((await state()).world.environments.map((environment) => environment.quotaFull)).toEqual([false, false, false]);
    expect(await post("/api/faults/quota", { environment: "qa", full: true })).toMatchObject({ status: 404, error: { code: "not-found" } });
  });

  it("lets the certificate of one environment run out, and renews it", async () => {
    expect(await post("/api/faults/certificate", { environment: "prod", expiring: true })).toMatchObject({ status: 200, message: "The certificate of prod ends in five days, and its renewal fails." });
    expect((await state()).world.environments.map((environment) => environment.certificateExpiring)).toEqual([false, false, true]);
    expect(await page()).toContain(">Renew the certificate of prod</button>");
    await post("/api/put-right", {});
    expect((await state()).world.environments.map((environment) => environment.certificateExpiring)).toEqual([false, false, false]);
    expect(await post("/api/faults/certificate", { environment: "qa", expiring: true })).toMatchObject({ status: 404, error: { code: "not-found" } });
  });

  it("takes parts of the platform down and puts everything right at once", async () => {
    await post("/api/faults/node", { node: "arm-a1-1", down: true });
    lab.clock.run(60_000);
    await post("/api/faults/registry", { down: true });
    await post("/api/faults/api-server", { errorRate: 0.5, forbid: [{ resource: "pods" }], down: true });
    await post("/api/faults/drop-watches", {});
    await post("/api/faults/expire-history", "");
    const broken = await state();
    expect([broken.world.nodes[0]?.ready, broken.registry.down, broken.apiServer.errorRate, broken.apiServer.forbid, broken.apiServer.down]).toEqual([false, true, 0.5, [{ resource: "pods" }], true]);
    expect(acts).toEqual(["dropWatches", "expireHistory"]);
    await post("/api/put-right", {});
    lab.clock.run(60_000);
    const whole = await state();
    expect([whole.world.nodes[0]?.ready, whole.registry.down]).toEqual([true, false]);
    expect(whole.apiServer).toMatchObject({ errorRate: 0, forbid: [], down: false });
  });

  it.each([
    ["no JSON", "/api/faults/crash", "{", 400, "invalid", "not JSON"],
    ["a missing field", "/api/faults/crash", { environment: "prod" }, 400, "invalid", "bigPod"],
    ["an unknown field", "/api/faults/registry", { down: true, up: false }, 400, "invalid", "up"],
    ["a share above one", "/api/faults/api-server", { errorRate: 2 }, 400, "invalid", "errorRate"],
    ["a pattern that is none", "/api/faults/api-server", { failPaths: ["("] }, 400, "invalid", "regular expression"],
    ["an unknown environment", "/api/faults/release", { environment: "qa", kind: "slow" }, 404, "not-found", "There are: dev, staging, prod."],
    ["an unknown process", "/api/faults/crash", { environment: "prod", bigPod: "core", process: "voyage" }, 404, "not-found", "nginx, auth"],
    ["an unknown node", "/api/faults/node", { node: "x", down: true }, 404, "not-found", "arm-a1-1"],
    ["an unknown action", "/api/constructor", {}, 404, "not-found", "/api/put-right"],
    ["a body without end", "/api/faults/crash", "x".repeat(20_000), 413, "invalid", "16384"],
  ])("answers %s with what to do about it", async (_what, path, body, status, code, hint) => {
    const before = await state();
    expect(await post(path, body)).toMatchObject({ status, error: { code, message: expect.stringContaining(hint) } });
    expect(await state()).toEqual(before);
  });

  it("takes no orders from other sites", async () => {
    const other = { origin: "http://evil.example" };
    expect(await post("/api/faults/registry", { down: true }, other)).toMatchObject({ status: 403, error: { code: "denied" } });
    expect(await post("/api/faults/registry", { down: true }, { "sec-fetch-site": "same-site" })).toMatchObject({ status: 403 });
    expect(lab.catalogue.registryDown).toBe(false);
    expect(await post("/api/faults/registry", { down: true }, { origin: server.url, "sec-fetch-site": "same-origin" })).toMatchObject({ status: 200 });
    const rebound = await new Promise((resolve) => httpRequest(`${server.url}/api/state`, { headers: { host: "rebound.example" } }, (response) => resolve(response.resume().statusCode)).end());
    expect(rebound).toBe(421);
  });

  it("serves its script and stylesheet, and nothing inline", async () => {
    const html = await page();
    for (const [, asset = ""] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) expect((await fetch(server.url + asset)).status).toBe(200);
    expect(html).not.toMatch(/<script(?![^>]*src=)|style=|\son\w+=/);
    expect((await fetch(`${server.url}/..%2fserver.ts`)).status).toBe(404);
  });
});

describe("nextVersion", () => {
  it.each([
    [["v1.5.2"], ["v1.5.0", "v1.5.2", "v1.6.0-rc.2"], "v1.5.3"],
    [["v1.6.0-rc.2"], ["v1.5.2", "v1.6.0-rc.2"], "v1.6.0"],
    [["v1.6.0-rc.2"], ["v1.5.2", "v1.6.0-rc.2", "v1.6.0"], "v1.6.1"],
    [["v1.9.9"], ["v1.9.9", "v1.10.0"], "v1.10.1"],
    [["latest"], ["latest"], "v0.1.0"],
  ])("running %j of %j: %s", (running, known, expected) => {
    expect(nextVersion(running, known)).toBe(expected);
  });
});

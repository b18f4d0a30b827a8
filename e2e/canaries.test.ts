import { once } from "node:events";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import pg from "pg";
import { parse, stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { apiClient } from "#e2e/api-client.ts";
import type { ApiAnswer, ApiClient } from "#e2e/api-client.ts";
import { startConfiguredPortal } from "#e2e/configured-portal.ts";
import type { ConfiguredPortal } from "#e2e/configured-portal.ts";
import { kubeAdmin } from "#e2e/kube-admin.ts";
import { sandboxConsole } from "#e2e/sandbox-console.ts";
import { canaryValue, databaseDump, found } from "#e2e/test-canaries.ts";
import type { Canary, Output } from "#e2e/test-canaries.ts";
import { TestBrowser } from "#sandbox/identity/test-browser.ts";

/** What is secret by being somewhere: Vigie was given it, or a pod said it. Each is searched for in everything that comes out. */
const plant = (what: string): Canary => ({ what, value: canaryValue() });
const given: Record<string, Canary> & Record<"webhookKey" | "registry" | "alertmanager" | "bootstrap" | "portal", Canary> = { webhookKey: plant("signing key of a webhook"), registry: plant("password of the registry"), alertmanager: plant("secret of the alert webhook"), bootstrap: plant("bootstrap token"), portal: plant("key of the portal's cookies") };
const said = { log: plant("password in a log line of a pod"), url: plant("password in a URL in a log line"), event: plant("token in an event"), annotation: plant("token in an annotation of a Deployment"), reason: plant("token in a reason that somebody typed"), header: plant("bearer token of a call that was refused"), cookie: plant("cookie of a call that was refused"), query: plant("token in a query that was refused"), body: plant("password in a body that was refused") };
/** Literal values in what the cluster holds: kept to roll back, shown nowhere. */
const kept = { env: plant("literal value of an environment variable"), probe: plant("header of a probe"), config: plant("value of a ConfigMap") };

const namespace = "dreamscape-prod";
let portal: ConfiguredPortal;
let api: ApiClient;
/** Where worker and web write what they say. */
let logs = "";
let kubeconfigToken: Canary;
let session: Canary;
const received: Output[] = [];
const outputs: Output[] = [];
const receiver = createServer((request, response) => {
  let text = JSON.stringify(request.headers);
  request.on("data", (chunk: Buffer) => (text += chunk.toString()));
  request.on("end", () => {
    received.push({ name: "a notification that was sent", text });
    response.end("{}");
  });
});

beforeAll(async () => {
  process.env.VIGIE_BOOTSTRAP_TOKEN = given.bootstrap.value.padEnd(40, "0");
  process.env.NEXTAUTH_SECRET = given.portal.value.padEnd(40, "0");
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  let kubeconfig = "";
  portal = await startConfiguredPortal({
    speed: 10,
    configure(text, { sandbox }) {
      // Safe: what the sandbox has just written; the configuration's schema checks it again.
      const config = parse(text) as { environments: { cluster: { kubeconfig: string } }[]; registries: object[]; notifications?: object[]; egress?: object; alerting: object };
      const folder = dirname(sandbox.configFile);
      logs = join(folder, "..", "logs");
      for (const [name, { value }] of [["canary-webhook", given.webhookKey], ["canary-registry", given.registry], ["canary-alerts", given.alertmanager]] as const) writeFileSync(join(folder, name), value, { mode: 0o600 });
      kubeconfig = join(folder, config.environments[0]?.cluster.kubeconfig ?? "");
      kubeconfigToken = { what: "token of the kubeconfig", value: (parse(readFileSync(kubeconfig, "utf8")) as { users: { user: { token: string } }[] }).users[0]?.user.token ?? "" };
      const { port } = receiver.address() as AddressInfo; // it listens on TCP
      return stringify({
        ...config,
        registries: config.registries.map((registry) => ({ ...registry, username: "vigie", password: "file:./canary-registry" })),
        alerting: { ...config.alerting, webhookSecret: "file:./canary-alerts" },
        notifications: [{ kind: "webhook", name: "pager", url: `http://127.0.0.1:${port}/hook`, secret: "file:./canary-webhook", from: "info" }],
        egress: { allow: [`127.0.0.1:${port}`] },
      });
    },
  });
  given.oidc = { what: "OIDC client secret", value: readFileSync(join(dirname(kubeconfig), "identity-secret"), "utf8").trim() };
  api = apiClient(portal.url, process.env.VIGIE_BOOTSTRAP_TOKEN);
  const kube = kubeAdmin(join(dirname(kubeconfig), "kubeconfig"));
  await api.until("state", (state) => environment(state, "prod").bigPods.every((one: { status: string }) => one.status === "healthy") && environment(state, "prod").releaseSettled === true, 120_000);
  await kube("PATCH", `/api/v1/namespaces/${namespace}/configmaps/experience-config`, { data: { STRIPE_NOTE: kept.config.value } });
  await kube("PATCH", `/apis/apps/v1/namespaces/${namespace}/deployments/commerce`, {
    metadata: { annotations: { "example.com/deploy-token": said.annotation.value } },
    spec: { template: { spec: { containers: [{ name: "commerce", env: [{ name: "STRIPE_API_KEY", value: kept.env.value }], livenessProbe: { httpGet: { path: "/health", port: 3004, httpHeaders: [{ name: "Authorization", value: `Bearer ${kept.probe.value}` }] }, initialDelaySeconds: 3_000 } }] } } },
  });
  await api.until("state", (state) => environment(state, "prod").bigPods.every((one: { status: string }) => one.status === "healthy") && environment(state, "prod").releaseSettled === true, 120_000);
  const console = sandboxConsole(portal.console);
  await console.post("faults/crash", { environment: "prod", bigPod: "experience", process: "voyage", lasting: true, lastLine: `fatal: cannot open postgres://voyage:${said.url.value}@db:5432/trips with password=${said.log.value}` });
  await kube("POST", `/api/v1/namespaces/${namespace}/events`, { metadata: { name: "canary-event", namespace }, type: "Warning", reason: "Failed", message: `pull refused: Authorization: Bearer ${said.event.value}`, involvedObject: { kind: "Deployment", namespace, name: "experience", apiVersion: "apps/v1" }, firstTimestamp: new Date().toISOString(), lastTimestamp: new Date().toISOString(), count: 1 });
  await api.until("state", (state) => bigPod(state, "experience").status === "broken" && bigPod(state, "experience").cause.includes("[removed]"), 90_000);
  session = { what: "session cookie", value: await signedIn(portal.url) };
  // Before it is isolated: then its pods are gone, and their logs with them.
  outputs.push({ name: "logs of pods", text: await stretchOf("/api/logs?environment=prod&bigPod=experience", { headers: { cookie: `vigie-session=${session.value}` } }, "password=[removed]") });
  await drive();
  await gather();
}, 600_000);
afterAll(async () => {
  delete process.env.VIGIE_BOOTSTRAP_TOKEN;
  delete process.env.NEXTAUTH_SECRET;
  await portal?.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
}, 60_000);

describe("ACCEPTANCE 36: planted secrets are in no audit entry, log, export, page, answer, stream or notification", () => {
  test("there is enough to search: every kind of output came out, with what was done in it", () => {
    for (const name of ["worker.log", "web.log", "GET /api/v1/audit/export", "GET /", "GET /api/metrics", "table audit_entry", "stream", "logs of pods", "a notification that was sent", "evidence", "GET /api/v1/nowhere"]) {
      const texts = outputs.filter((output) => output.name.startsWith(name)).map(({ text }) => text.length);
      expect(texts.reduce((sum, length) => sum + length, 0), name).toBeGreaterThan(60);
    }
    expect(textOf("logs of pods")).toContain("password=[removed]");
    expect(textOf("table audit_entry")).toContain("isolat");
    expect(textOf("table release_record")).toContain("STRIPE_API_KEY");
    expect(found([{ what: "a cause", value: "cannot open postgres" }], outputs).length).toBeGreaterThan(3);
  });

  test("what Vigie was given and what was said is nowhere", () => {
    expect(found([...Object.values(given), ...Object.values(said), kubeconfigToken, session, databasePassword()], outputs)).toEqual([]);
  });

  test("literal values of a template are where they are needed to roll back, and nowhere else", () => {
    expect(new Set(found(Object.values(kept), outputs).map((place) => place.replace(/^.* in /, "")))).toEqual(new Set(["table release_record", "table operation", "table plan", "table applied_state"].filter((table) => found(Object.values(kept), outputs.filter(({ name }) => name === table)).length > 0)));
    expect(found([kept.env], outputs)).toContain("literal value of an environment variable in table release_record");
  });
});

function textOf(name: string): string {
  return outputs.filter((output) => output.name.startsWith(name)).map(({ text }) => text).join("\n");
}

function databasePassword(): Canary {
  return { what: "password of the database", value: decodeURIComponent(new URL(portal.stack.databaseUrl).password) };
}

/** Plans, an isolation with its evidence, refusals of every kind, an incident that is told. */
async function drive(): Promise<void> {
  const plan = await api.post("plans", { kind: "restart", environment: "prod", bigPods: ["commerce"] });
  const accepted = await api.post("operations", { planHash: plan.body.hash, reason: `canary: restart, token=${said.reason.value}` }, { "idempotency-key": "canary-restart" });
  expect(accepted.status, JSON.stringify(accepted.body)).toBe(202);
  const isolate = await api.post("plans", { kind: "isolate", environment: "prod", bigPod: "experience", how: "scale-to-zero" });
  const isolated = await api.post("operations", { planHash: isolate.body.hash, reason: "canary: evidence" }, { "idempotency-key": "canary-isolate" });
  expect(isolated.status, JSON.stringify(isolated.body)).toBe(202);
  for (const { body } of [accepted, isolated]) await api.until(`operations/${body.id}`, (one) => one.finishedAt !== null, 120_000);
  await api.post("incidents", { environment: "prod", bigPod: "experience", title: "canary: opened by hand", severity: "warning" });
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(0), { timeout: 60_000, interval: 200 });
}

async function gather(): Promise<void> {
  const browser = { cookie: `vigie-session=${session.value}` };
  const admin = { authorization: `Bearer ${process.env.VIGIE_BOOTSTRAP_TOKEN ?? ""}` };
  const ids = await everything();
  const pages = ["/", "/operations", `/operations/${ids.operation}`, "/incidents", `/incidents/${ids.incident}`, "/releases", `/releases/${ids.release}?environment=prod`, "/audit", "/audit/3", "/settings", "/guards", "/big-pods/prod/experience", "/big-pods/prod/commerce", "/no-such-page", "/sign-in"];
  for (const path of pages) await take(path, { headers: browser });
  const reads = ["state", "history?at=" + new Date().toISOString(), "events?environment=prod&bigPod=experience", "operations", `operations/${ids.operation}`, "incidents", `incidents/${ids.incident}`, `incidents/${ids.incident}/timeline`, `incidents/${ids.incident}/postmortem`, "drift?environment=prod", "releases?environment=prod", `releases/${ids.release}?environment=prod`, "signals", "audit?limit=200", "audit/export", "audit/export?format=csv", "audit/verify", "notifications", "tokens"];
  for (const path of reads) await take(`/api/v1/${path}`, { headers: admin });
  for (const file of ids.evidence) outputs.push({ name: "evidence", text: await textAt(`/api/v1/evidence/${file}`, { headers: admin }) });
  for (const path of ["/api/openapi.json", "/api/healthz", "/api/readyz"]) await take(path, {});
  await take("/api/metrics", { headers: admin });
  await refusals();
  outputs.push({ name: "stream", text: await stretchOf("/api/stream", { headers: browser }, "snapshot") });
  outputs.push(...received, ...(await databaseDump(portal.stack.databaseUrl)));
  for (const file of readdirSync(logs).filter((name) => name !== "sandbox.log")) outputs.push({ name: file, text: readFileSync(join(logs, file), "utf8") });
}

/** Calls that are refused, with secrets in every part of them. */
async function refusals(): Promise<void> {
  const bad = { authorization: `Bearer ${said.header.value}`, cookie: `vigie-session=${said.cookie.value}` };
  await take(`/api/v1/nowhere?token=${said.query.value}`, { headers: bad });
  await take("/api/v1/state", { headers: bad });
  await take(`/api/v1/audit?access_token=${said.query.value}`, { headers: { authorization: `Bearer ${process.env.VIGIE_BOOTSTRAP_TOKEN ?? ""}` } });
  for (const body of [JSON.stringify({ password: said.body.value, planHash: 3 }), `{"password":"${said.body.value}"`]) {
    await take("/api/v1/operations", { method: "POST", body, headers: { authorization: `Bearer ${process.env.VIGIE_BOOTSTRAP_TOKEN ?? ""}`, "content-type": "application/json", "idempotency-key": "canary" } });
  }
  await take("/api/webhooks/alertmanager", { method: "POST", body: JSON.stringify({ secret: said.body.value }), headers: { ...bad, "content-type": "application/json" } });
  await take("/settings", { headers: { cookie: bad.cookie } });
}

async function textAt(path: string, init: RequestInit): Promise<string> {
  const response = await fetch(`${portal.url}${path}`, { ...init, redirect: "manual" });
  return `${response.status} ${JSON.stringify([...response.headers])}\n${await response.text()}`;
}

async function take(path: string, init: RequestInit): Promise<void> {
  outputs.push({ name: `${init.method ?? "GET"} ${path.split("?")[0] ?? path}`, text: await textAt(path, init) });
}

/** The beginning of an answer that does not end. Until what it must hold has come: a stream is never silent for long. */
async function stretchOf(path: string, init: RequestInit, holds: string): Promise<string> {
  const ending = AbortSignal.timeout(60_000);
  const response = await fetch(`${portal.url}${path}`, { ...init, signal: ending });
  if (response.body === null) throw new Error(`${path} has no body`);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(holds)) return text;
  }
  throw new Error(`${path} ended before it held ${JSON.stringify(holds)}: ${text.slice(0, 300)}`);
}

interface Ids {
  operation: string;
  incident: string;
  release: string;
  evidence: string[];
}

async function everything(): Promise<Ids> {
  const { operations } = (await api.get("operations")).body;
  const { incidents } = (await api.get("incidents")).body;
  const { releases } = (await api.get("releases?environment=prod")).body;
  const client = new pg.Client({ connectionString: portal.stack.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>("SELECT id FROM incident_evidence");
    return { operation: operations[0].id, incident: String(incidents[0].number), release: String(releases[0].number), evidence: rows.map(({ id }) => id) };
  } finally {
    await client.end();
  }
}

function environment(state: ApiAnswer["body"], name: string): ApiAnswer["body"] {
  return state.environments.find((one: { name: string }) => one.name === name);
}

function bigPod(state: ApiAnswer["body"], name: string): ApiAnswer["body"] {
  return environment(state, "prod").bigPods.find((one: { name: string }) => one.name === name);
}

/** Signs Ada in as a browser without script does; value of her session cookie. */
async function signedIn(url: string): Promise<string> {
  const browser = new TestBrowser();
  const own = { origin: url, "sec-fetch-site": "same-origin" };
  const leading = await (await browser.request(`${url}/api/auth/signin/demo`, { method: "POST", body: new URLSearchParams({ callbackUrl: "/" }), headers: own })).text();
  const provider = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(leading)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const begun = await browser.follow(await browser.request(provider), provider, "no such place");
  const page = await begun.response.text();
  const issuer = new URL(begun.response.url);
  const action = new URL(/<form[^>]*action="([^"]+)"/.exec(page)?.[1] ?? "", issuer).href;
  const chosen = await browser.request(action, { method: "POST", body: new URLSearchParams({ account: "demo-ada" }), headers: { origin: issuer.origin, "sec-fetch-site": "same-origin" } });
  let [response, base] = [chosen, action];
  for (let hops = 0; hops < 10; hops += 1) {
    const cookie = response.headers.getSetCookie().map((line) => /^(?:__Host-)?vigie-session=([^;]+)/.exec(line)?.[1]).find((value) => value !== undefined && value !== "");
    if (cookie !== undefined) return cookie;
    const location = response.headers.get("location");
    if (location === null) throw new Error(`Signing in ended at ${base.split("?")[0]} with ${response.status}`);
    base = new URL(location, base).href;
    response = await browser.request(base);
  }
  throw new Error("Signing in never came to an end");
}

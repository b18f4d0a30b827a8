import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { call, installRuntime } from "#app/api/test-portal.ts";
import { POST, GET } from "#app/api/webhooks/alertmanager/route.ts";
import { webhookReceivedSchema } from "#lib/contracts/alertmanager-webhook.ts";
import { configSchema } from "#lib/contracts/config.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { testConfig } from "#lib/services/test-context.ts";

const path = "/api/webhooks/alertmanager";
const secret = "a-secret-of-this-test-only-0123456789";
let database: TestDatabase;

function install(alerting: object): void {
  const runtime = installRuntime(database, configSchema.parse({ ...testConfig, alerting }));
  runtime.secretOf = () => secret;
}
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db.signalRow.deleteMany();
  install({ webhookSecret: "env:HOOK", watchdog: {} });
});

type Alert = Record<string, unknown>;
const alert = (change: Alert = {}): Alert => ({
  status: "firing", labels: { alertname: "HighErrorRatio", environment: "prod", app: "core", service: "auth", severity: "critical" }, annotations: { summary: "31 % fail" },
  startsAt: "2026-11-21T08:00:00.123456789Z", endsAt: "0001-01-01T00:00:00Z", generatorURL: "http://prometheus.example/graph?g0.expr=up", fingerprint: "aaaaaaaaaaaaaaaa", ...change,
});
const message = (...alerts: Alert[]) => ({ version: "4", groupKey: "{}:{}", receiver: "vigie", status: "firing", truncatedAlerts: 0, groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: "http://alertmanager.example", alerts });
const send = (body: unknown, options: { token?: string; headers?: Record<string, string>; query?: string } = { token: secret }) => call(POST, `${path}${options.query ?? ""}`, { method: "POST", body, ...options });
const signed = (body: string, seconds: number, key = secret) => ({ "x-vigie-signature": `t=${seconds},v1=${createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex")}` });
const nowSeconds = () => Math.floor(Date.now() / 1000);
const signals = () => database.db.signalRow.findMany({ orderBy: { onsetAt: "asc" } });
const denied = () => database.db.$queryRaw<{ bytes: string }[]>`SELECT bytes FROM audit_entry WHERE action = 'webhook.denied'`;

test("an alert becomes a signal with its place, and is one however often it is delivered", async () => {
  const first = await send(message(alert()));
  expect([first.status, webhookReceivedSchema.parse(first.body)]).toEqual([200, { alerts: 1, signals: 1 }]);
  const again = await Promise.all(Array.from({ length: 8 }, () => send(message(alert()))));
  expect(again.map((one) => one.body)).toEqual(Array.from({ length: 8 }, () => ({ alerts: 1, signals: 0 })));
  expect(await signals()).toMatchObject([{ kind: "alert", title: "HighErrorRatio", detail: "31 % fail", environment: "prod", bigPod: "core", service: "auth", severity: "critical", state: "firing", onsetAt: new Date("2026-11-21T08:00:00.123Z"), ways: ["webhook"], link: "http://prometheus.example/graph?g0.expr=up", handled: false }]);
  await send(message(alert({ status: "resolved", endsAt: "2026-11-21T08:05:00Z" })));
  expect(await signals()).toMatchObject([{ state: "ended", endedAt: new Date("2026-11-21T08:05:00Z") }]);
});

test("those who read signals are told, once per message", async () => {
  await database.db.signalRow.updateMany({ data: { handled: true } });
  await send(message(alert()));
  await database.db.signalRow.updateMany({ data: { handled: true } });
  await send(message(alert()));
  expect((await signals()).map((row) => row.handled)).toEqual([true]);
});

test("who shows no secret, or another, is refused; the log has it, but not all of a flood", async () => {
  const forged: Record<string, string>[] = [{}, { authorization: "Bearer wrong" }, { authorization: `Basic ${secret}` }, { authorization: `Bearer ${secret}x` }, { "x-vigie-signature": "t=1,v1=zz" }];
  for (const headers of forged) expect((await send(message(alert()), { headers })).status).toBe(401);
  // Not even read: it would be refused as too long.
  expect((await send(message(alert({ annotations: { summary: "x".repeat(1_100_000) } })), { token: "forged" })).status).toBe(401);
  for (let index = 0; index < 20; index += 1) expect((await send(message(alert()), { token: "forged" })).status).toBe(401);
  expect(await signals()).toEqual([]);
  const entries = await denied();
  expect(entries.length).toBe(5);
  expect(JSON.stringify(entries)).toContain("carries neither the secret as bearer token nor a signature");
  expect(JSON.stringify(entries)).not.toContain(secret);
});

test("a signature is good for its body and its time, once", async () => {
  const body = JSON.stringify(message(alert()));
  const headers = signed(body, nowSeconds());
  expect((await send(body, { headers })).status).toBe(200);
  const replayed = await send(body, { headers });
  expect([replayed.status, replayed.body]).toMatchObject([409, { error: { code: "conflict" } }]);
  expect((await send(body.replace("prod", "dev"), { headers: signed(body, nowSeconds() - 1) })).status).toBe(401);
  expect((await send(body, { headers: signed(body, nowSeconds(), "another secret") })).status).toBe(401);
  for (const seconds of [nowSeconds() - 400, nowSeconds() + 400]) {
    const old = await send(body, { headers: signed(body, seconds) });
    expect([old.status, JSON.stringify(old.body)]).toEqual([401, expect.stringContaining("more than 5 minutes from now")]);
  }
  // A good token does not help a bad signature out.
  expect((await send(body, { headers: { ...signed(body, nowSeconds(), "x"), authorization: `Bearer ${secret}` } })).status).toBe(401);
  expect(await signals()).toHaveLength(1);
});

test.each<[string, unknown, number, string]>([
  ["no JSON", "{", 400, "not JSON"],
  ["another version", { ...message(), version: "5" }, 400, 'version \\"5\\"'],
  ["no version", { alerts: [] }, 400, "no version"],
  ["a text for alerts", { ...message(), alerts: "all" }, 400, "not as Alertmanager sends it"],
  ["labels that are numbers", message(alert({ labels: { alertname: 1 } })), 400, "not as Alertmanager sends it"],
  ["a start that is no time", message(alert({ startsAt: "yesterday" })), 400, "not as Alertmanager sends it"],
  ["names that reach prototypes", `{"version":"4","alerts":[{"status":"firing","labels":{"__proto__":"x"},"startsAt":"2026-11-21T08:00:00Z"}]}`, 400, "__proto__"],
  ["a tower of brackets", `{"version":"4","alerts":${"[".repeat(5_000)}${"]".repeat(5_000)}}`, 400, "nested"],
  ["more than 1 MiB", message(alert({ annotations: { summary: "x".repeat(1_100_000) } })), 413, "1 MiB"],
])("refuses %s with what to do, and stays up", async (_what, body, status, words) => {
  const answer = await send(body);
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(words)]);
  expect(await signals()).toEqual([]);
});

test("says which version it takes by a code that programs can read", async () => {
  expect((await send({ ...message(), version: "5" })).body).toMatchObject({ error: { code: "invalid", detail: { reason: "webhook-version", version: "5" } } });
});

test("keeps markup as text, cuts what is endless, replaces what no database keeps, and links only to what browsers may open", async () => {
  const labels = { alertname: "<img src=x onerror=alert(1)>", environment: "prod", note: `a${"b".repeat(10_000)}` };
  expect((await send(message(alert({ labels, generatorURL: "javascript:alert(1)" })))).status).toBe(200);
  const [row] = await signals();
  expect(row).toMatchObject({ title: labels.alertname, link: null });
  expect(JSON.stringify(row?.labels)).toContain(`"a${"b".repeat(1_998)}…"`);
  // One bad text must not lose the others of its message: Alertmanager does not send again what is answered with 400.
  const raw = JSON.stringify(message(alert({ fingerprint: "dd" }), alert({ fingerprint: "ee", labels: { alertname: "Other" } }))).replace("31 % fail", "a\\u0000b\\ud800");
  expect((await send(raw)).body).toEqual({ alerts: 2, signals: 2 });
  expect((await signals()).map((one) => one.detail)).toContain("a␀b\ufffd");
});

test("the watchdog is no signal, and where an alert names no environment the address may", async () => {
  await send(message(alert({ labels: { alertname: "Watchdog" }, fingerprint: "bb" }), alert({ labels: { alertname: "DiskFull" }, fingerprint: "cc" })), { token: secret, query: "?environment=staging" });
  expect((await signals()).map((row) => [row.title, row.environment, row.severity])).toEqual([["DiskFull", "staging", "warning"]]);
  const wrong = await send(message(alert()), { token: secret, query: "?environment=nowhere" });
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("There are: dev, staging, prod")]);
});

test("there is no webhook where none is configured, and only POST", async () => {
  install({});
  expect((await send(message(alert()))).status).toBe(404);
  expect((await call(GET, path)).status).toBe(405);
});

test("a thousand alerts at once are a thousand signals, within seconds, and none is lost when they come in pieces and again", async () => {
  const storm = Array.from({ length: 1_000 }, (_none, index) => alert({ labels: { alertname: "ProcessNotRunning", environment: "prod", app: "core", pod: `core-${index}` }, fingerprint: index.toString(16).padStart(16, "0") }));
  const begun = performance.now();
  const pieces = Array.from({ length: 10 }, (_none, index) => send(message(...storm.slice(index * 100, (index + 1) * 100))));
  const answers = await Promise.all([send(message(...storm)), ...pieces]);
  const tookMs = performance.now() - begun;
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 11 }, () => 200));
  expect(answers.reduce((sum, answer) => sum + webhookReceivedSchema.parse(answer.body).signals, 0)).toBe(1_000);
  expect(await database.db.signalRow.count({ where: { state: "firing" } })).toBe(1_000);
  expect(tookMs).toBeLessThan(10_000);
});

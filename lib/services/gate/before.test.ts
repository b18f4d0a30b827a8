import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import { environmentConfigSchema } from "#lib/contracts/config.ts";
import type { GateName, Plan } from "#lib/contracts/operation.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { MetricAnswer, MetricsApi } from "#lib/ports/metrics.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createLog } from "#lib/runtime/log.ts";
import { createOutside } from "#lib/runtime/outside.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { buildPlan } from "#lib/services/plan/build.ts";
import type { PlanOptions } from "#lib/services/plan/build.ts";
import { bigPodState, recordRelease, repository, sealed, testConfig, watched, writeState } from "#lib/services/plan/test-platform.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

const catalogue = createCatalogue({ now: Date.now });
const common = { repository, revision: "a".repeat(40), source: "https://github.com/dreamscape-ai/experience-pod", createdAt: "2026-11-01T00:00:00Z", behaviour: { kind: "healthy" }, inRegistry: true, platforms: ["linux/arm64", "linux/amd64"] } as const;
const [v1, v2] = [catalogue.add({ ...common, tag: "v1" }), catalogue.add({ ...common, tag: "v2" })];
let database: TestDatabase;
let registry: { url: string; stop(): Promise<void> };
/** Answers what the test says; asked for /redirect it points at the clouds' metadata. */
let page = { status: 200, body: '{"status":"ok"}' };
const site = createServer((request, response) => (request.url === "/redirect" ? response.writeHead(302, { location: "http://169.254.169.254/" }).end() : response.writeHead(page.status).end(page.body)));
let siteUrl = "";
let answer: () => Promise<MetricAnswer>;
const asked: string[] = [];
const metrics: MetricsApi = {
  instant: (query) => {
    asked.push(query);
    return answer();
  },
  range: () => Promise.reject(new Error("not asked")),
  alerts: () => Promise.resolve([]),
};
const values = (...numbers: number[]) => async (): Promise<MetricAnswer> => ({ samples: numbers.map((value) => ({ labels: {}, value, at: new Date() })), warnings: [] });
const hourAgo = () => new Date(Date.now() - 3_600_000);

beforeAll(async () => {
  database = await createTestDatabase();
  registry = await startRegistry({ catalogue, port: 0, host: "127.0.0.1" });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`; // it listens on TCP
});
afterAll(async () => {
  site.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
  await registry.stop();
  await database.drop();
});
beforeEach(async () => {
  const { db } = database;
  page = { status: 200, body: '{"status":"ok"}' };
  asked.length = 0;
  await db.environmentRelease.deleteMany();
  await db.stateHistory.deleteMany();
  await watched(db);
  const salt = String(Math.random());
  for (const bigPod of ["experience", "commerce"]) {
    await writeState(db, bigPodState("staging", bigPod, bigPod === "experience" ? v2 : v1));
    await writeState(db, bigPodState("prod", bigPod, v1));
    await db.stateHistory.create({ data: { environment: "staging", bigPod, status: "healthy", at: hourAgo() } });
  }
  await recordRelease(db, "staging", { experience: sealed("experience", "staging", v2), commerce: sealed("commerce", "staging", v1) }, { contentHash: `s${salt}` });
  await recordRelease(db, "prod", { experience: sealed("experience", "prod", v1), commerce: sealed("commerce", "prod", v1) }, { contentHash: `p${salt}` });
  await db.environmentRelease.update({ where: { environment: "staging" }, data: { since: hourAgo() } });
});

const promotion = { kind: "promotion", from: "staging", to: "prod" } as const;
async function plan(policy: object, options: PlanOptions & { prometheus?: boolean; allow?: string[] } = {}): Promise<Plan> {
  const log = createLog("worker");
  const base = testConfig(registry.url);
  const environments = base.environments.map((one) => (one.name === "prod" ? environmentConfigSchema.parse({ ...one, policy }) : one));
  const config = { ...base, environments, egress: { allow: options.allow ?? [new URL(siteUrl).host] } };
  const outside = createOutside({ config, clusterOf: () => Promise.reject(new VigieError("upstream", "There is no cluster in this test.")), metricsOf: () => (options.prometheus === false ? null : metrics) });
  const context: ServiceContext = { db: database.db, config, clock: systemClock, log, registry: createRegistry({ registries: config.registries, resolveSecret: () => "", log }), outside };
  return (await buildPlan(context, promotion, options)).plan;
}
const gate = (made: Plan, name: GateName) => made.gates.find((one) => one.name === name);
const metric = { kind: "metric", name: "errors", query: 'sum(errors{namespace="$namespace",pod=~"($bigPods)-.*"})', pass: "< 0.01" };

test("without a policy no gate of policy is asked, and the plan runs now", async () => {
  const made = await plan({});
  expect(made.gates.map((one) => one.name)).toEqual(["target-visible", "nothing-else-runs", "source-healthy", "containers-match", "not-quarantined", "images-present", "something-changes"]);
  expect(made).toMatchObject({ ready: true, start: { how: "now", waits: [] }, breakGlassId: null });
});

describe("soak", () => {
  test("healthy for longer passes, shorter fails with since when", async () => {
    expect(gate(await plan({ soakMinutes: 59 }), "soak")).toMatchObject({ verdict: "pass", rule: "staging healthy without a break for 59 minutes, with what it runs now" });
    const made = await plan({ soakMinutes: 120 });
    expect(gate(made, "soak")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/experience in staging has been healthy with this release for 1 hour only/) });
    expect(made.start.how).toBe("refused");
  });
  test("a break in the history begins it anew, a release that came since too, no history says nothing", async () => {
    const { db } = database;
    await db.stateHistory.create({ data: { environment: "staging", bigPod: "commerce", status: "warning", at: new Date(Date.now() - 600_000) } });
    await db.stateHistory.create({ data: { environment: "staging", bigPod: "commerce", status: "healthy", at: new Date(Date.now() - 540_000) } });
    expect(gate(await plan({ soakMinutes: 30 }), "soak")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/commerce in staging has been healthy with this release for 9 minutes only/) });
    expect(gate(await plan({ soakMinutes: 5 }), "soak")?.verdict).toBe("pass");
    await db.environmentRelease.update({ where: { environment: "staging" }, data: { since: new Date() } });
    expect(gate(await plan({ soakMinutes: 5 }), "soak")?.verdict).toBe("fail");
    await db.stateHistory.deleteMany();
    expect(gate(await plan({ soakMinutes: 5 }), "soak")).toMatchObject({ verdict: "inconclusive", evidence: expect.stringMatching(/since when experience in staging is healthy is not recorded/) });
  });
});

describe("configured gates", () => {
  test("parity and no-incident", async () => {
    const gates = { before: [{ kind: "parity" }, { kind: "no-incident" }] };
    const good = await plan({ gates });
    expect([gate(good, "parity")?.verdict, gate(good, "no-incident")?.verdict]).toEqual(["pass", "pass"]);
    await writeState(database.db, bigPodState("prod", "commerce", v1, { status: "broken", cause: "it is out of memory" }));
    expect(gate(await plan({ gates }), "no-incident")).toMatchObject({ verdict: "fail", evidence: "commerce in prod is broken: it is out of memory" });
    const lacking = sealed("commerce", "prod", v1);
    await recordRelease(database.db, "prod", { experience: sealed("experience", "prod", v1), commerce: { ...lacking, configMaps: [] } });
    expect(gate(await plan({ gates }), "parity")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/commerce in prod lacks what it has in staging: app: LOG_LEVEL/) });
  });

  test("an open incident holds a promotion back: of a Big Pod of the plan or of the environment, critical or warning", async () => {
    const { db } = database;
    const gates = { before: [{ kind: "no-incident" }] };
    const open = async (change: object) => {
      await db.incidentRow.deleteMany();
      await db.incidentRow.create({ data: { id: "i", number: 7, environment: "prod", bigPod: "experience", title: "panorama is slow", severity: "warning", status: "open", onsetAt: new Date(), openedAt: new Date(), position: 0n, ...change } });
      return gate(await plan({ gates }), "no-incident");
    };
    expect(await open({})).toMatchObject({ verdict: "fail", evidence: "incident 7 is open about experience: panorama is slow" });
    expect(await open({ status: "acknowledged" })).toMatchObject({ verdict: "fail" });
    expect(await open({ bigPod: null, severity: "critical" })).toMatchObject({ verdict: "fail", evidence: "incident 7 is open: panorama is slow" });
    expect(await open({ bigPod: null, about: "monitoring" })).toMatchObject({ verdict: "inconclusive" });
    for (const harmless of [{ severity: "info" }, { status: "resolved", resolvedAt: new Date() }, { environment: "staging" }]) expect(await open(harmless)).toMatchObject({ verdict: "pass" });
    await db.incidentRow.deleteMany();
  });

  test("a metric: the query as it was asked stands beside the answer", async () => {
    answer = values(0.002);
    expect(gate(await plan({ gates: { before: [metric] } }), "metric")).toMatchObject({ title: 'Metric "errors"', verdict: "pass", evidence: "0.002 is < 0.01", rule: 'sum(errors{namespace="test-prod",pod=~"(experience)-.*"}) < 0.01' });
    expect(gate(await plan({ gates: { before: [{ ...metric, in: "source" }] } }), "metric")?.rule).toMatch(/namespace="test-staging"/);
  });
  test.each([
    ["a bad value", values(0.2), "fail", /0\.2 is not < 0\.01/],
    ["no data", values(), "inconclusive", /gives no data/],
    ["NaN", values(NaN), "inconclusive", /NaN/],
    ["several series", values(0, 0), "inconclusive", /2 series, it must give one/],
    ["a refused query", () => Promise.reject(new VigieError("invalid", "parse error at char 3.")), "error", /Prometheus refuses the query: parse error at char 3$/],
    ["a Prometheus that is away", () => Promise.reject(new VigieError("upstream", "connection refused.")), "error", /Prometheus cannot be asked: connection refused$/],
  ] as const)("a metric with %s refuses", async (_, reply, verdict, sentence) => {
    answer = reply;
    const made = await plan({ gates: { before: [metric] } });
    expect(gate(made, "metric")).toMatchObject({ verdict, evidence: expect.stringMatching(sentence) });
    expect([made.ready, made.start.how]).toEqual([false, "refused"]);
  });
  test("without a Prometheus it is an error", async () => expect(gate(await plan({ gates: { before: [metric] } }, { prometheus: false }), "metric")).toMatchObject({ verdict: "error", evidence: "no Prometheus is configured for prod" }));
  test("a plan asks once, the turn of an operation as often as configured", async () => {
    answer = values(0);
    const policy = { gates: { before: [{ ...metric, count: 2, intervalSeconds: 5 }] } };
    await plan(policy);
    expect(asked).toHaveLength(1);
    await plan(policy, { forOperation: "o1" });
    expect(asked).toHaveLength(3);
  }, 15_000);

  test("a smoke check of an address outside", async () => {
    const gates = { before: [{ kind: "smoke", checks: [{ url: `${siteUrl}/health`, jsonPath: "$.status", equals: "ok" }] }] };
    expect(gate(await plan({ gates }), "smoke")).toMatchObject({ verdict: "pass", rule: `GET ${siteUrl}/health → 200, $.status = "ok" within 5000 ms`, evidence: `${siteUrl}/health: $.status is "ok"` });
    page = { status: 200, body: '{"status":"degraded"}' };
    expect(gate(await plan({ gates }), "smoke")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/\$\.status is "degraded", not "ok"/) });
    page = { status: 503, body: "" };
    expect(gate(await plan({ gates }), "smoke")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/answered 503, not 200/) });
    expect(gate(await plan({ gates }, { allow: [] }), "smoke")).toMatchObject({ verdict: "error", evidence: expect.stringMatching(/does not stand in egress\.allow/) });
    expect(gate(await plan({ gates: { before: [{ kind: "smoke", checks: [{ url: `${siteUrl}/redirect` }] }] } }), "smoke")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/answered 302, not 200/) });
  });
  test("a smoke check of services that nobody can ask", async () => {
    expect(gate(await plan({ gates: { before: [{ kind: "smoke" }] } }), "smoke")).toMatchObject({ verdict: "inconclusive", evidence: expect.stringMatching(/no service with a port and a health path/) });
  });
});

describe("windows, freezes, approvals", () => {
  const shut = { windows: [{ name: "never today", every: "week", on: [["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"][(new Date().getUTCDay() + 3) % 7]], from: "10:00", to: "11:00", timeZone: "UTC" }] };
  test("outside its window a promotion waits until it opens", async () => {
    const made = await plan(shut);
    expect(gate(made, "window")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/^no window is open; never today opens /) });
    expect(made).toMatchObject({ ready: false, start: { how: "waits", waits: [{ for: "window", until: expect.stringMatching(/T10:00:00\.000Z$/) }] } });
  });
  test("missing approvals wait, given ones pass", async () => {
    const policy = { approvals: { required: 2 } };
    expect((await plan(policy)).start).toMatchObject({ how: "waits", waits: [{ for: "approvals" }] });
    expect(gate(await plan(policy, { approvalsGiven: 1 }), "approvals")).toMatchObject({ verdict: "fail", evidence: "1 of 2 given" });
    expect(await plan(policy, { approvalsGiven: 2 })).toMatchObject({ ready: true });
  });
  test("a freeze refuses", async () => {
    const year = new Date().getUTCFullYear();
    const made = await plan({ freezes: [{ name: "Audit", from: `${year - 1}-01-01T00:00`, to: `${year + 2}-01-01T00:00`, timeZone: "UTC", reason: "the auditors are here" }] });
    expect(gate(made, "freeze")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(/^Audit holds until .*: the auditors are here$/) });
    expect(made.start.how).toBe("refused");
  });
  test("break-glass overrules them and is told, one that ran out does not", async () => {
    answer = values(5);
    const policy = { ...shut, approvals: { required: 1 }, gates: { before: [metric] } };
    const glass = { id: "b1", by: "Rafael", expiresAt: new Date(Date.now() + 60_000) };
    const made = await plan(policy, { breakGlass: glass });
    expect(made).toMatchObject({ ready: true, breakGlassId: "b1" });
    expect(made.gates.filter((one) => one.overruled).map((one) => [one.name, one.verdict])).toEqual([["metric", "fail"], ["window", "fail"], ["approvals", "fail"]]);
    expect(await plan(policy, { breakGlass: { ...glass, expiresAt: new Date(Date.now() - 60_000) } })).toMatchObject({ ready: false, breakGlassId: null });
  });
  test("break-glass does not overrule what makes an operation impossible", async () => {
    await watched(database.db, "down");
    expect(await plan({}, { breakGlass: { id: "b1", by: "Rafael", expiresAt: new Date(Date.now() + 60_000) } })).toMatchObject({ ready: false, start: { how: "refused" } });
  });
});

test("a changed rule is a changed plan; a changed verdict is not", async () => {
  answer = values(0);
  const first = await plan({ gates: { before: [metric] } });
  answer = values(5);
  expect((await plan({ gates: { before: [metric] } })).hash).toBe(first.hash);
  expect((await plan({ gates: { before: [{ ...metric, pass: "< 0.02" }] } })).hash).not.toBe(first.hash);
  expect((await plan({})).hash).not.toBe(first.hash);
});

test("what follows a promotion stands in its plan", async () => {
  expect((await plan({ bakeMinutes: 5, gates: { after: [{ kind: "no-new-alert" }] }, watch: { watchMinutes: 0 } })).afterwards).toEqual(["For 5 minutes after everything is up, Vigie checks: every service up, no new alert. If one does not pass, everything returns."]);
});

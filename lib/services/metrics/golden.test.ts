import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createPrometheus } from "#lib/adapters/prometheus/prometheus.ts";
import { missingNote, promtoolBinary, startRealPrometheus } from "#lib/adapters/prometheus/test-server.ts";
import { configSchema } from "#lib/contracts/config.ts";
import type { Config } from "#lib/contracts/config.ts";
import { goldenSchema } from "#lib/contracts/metrics.ts";
import type { Golden } from "#lib/contracts/metrics.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { readGolden } from "#lib/services/metrics/golden.ts";
import { actorWith, createTestContext, nothingOutside, testConfig } from "#lib/services/test-context.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { makeHistory } from "#sandbox/prometheus/history.test-support.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import type { SandboxPrometheus } from "#sandbox/prometheus/server.ts";

const history = makeHistory();
const [from, to] = [new Date(history.startMs).toISOString(), new Date(history.endMs).toISOString()];
const given: Config = configSchema.parse({
  ...testConfig,
  environments: ["staging", "prod"].map((name) => ({ name, cluster: { kubeconfig: "./kubeconfig" }, namespace: `dreamscape-${name}` })),
  bigPods: [{ name: "experience", workload: { name: "experience" }, services: ["voyage", "ai", "panorama"].map((name) => ({ name, process: name })) }],
  prometheus: [{ url: "http://reader:secret@127.0.0.1:9090/prometheus" }],
  access: { ...testConfig.access, roles: [{ role: "admin", groups: ["admins"] }] },
});
const viewer = actorWith("viewer");
const signal = (golden: Golden, name: Golden["signals"][number]["name"]) => {
  const found = golden.signals.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no signal ${name}`);
  return found;
};
const values = (golden: Golden, name: Golden["signals"][number]["name"]) => signal(golden, name).series.flatMap((one) => one.values).filter((value) => value !== null);

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

function contextFor(url: string | null, config: Config = given): ServiceContext {
  const api = url === null ? null : createPrometheus({ url, authorization: null });
  return { ...createTestContext(database.db, config), clock: { now: () => new Date(history.endMs) }, outside: { ...nothingOutside, metrics: () => api } };
}
const withQueries = (queries: Partial<Config["goldenSignals"]>): Config => ({ ...given, goldenSignals: { ...given.goldenSignals, ...queries } });
const ask = (url: string | null, query: Partial<{ environment: string; bigPod: string; service: string; from: string; to: string }> = {}, config?: Config) => readGolden(contextFor(url, config), viewer, { environment: "staging", bigPod: "experience", from, to, ...query });

/** Twelve minutes of staging's Experience: between the fourth and the eighth, 40 % of voyage's requests fail and all are slow. */
function goldenContract(name: string, start: () => Promise<{ url: string; stop(): Promise<void> }>): void {
  describe(`golden signals of ${name}`, () => {
    let server: { url: string; stop(): Promise<void> };
    beforeAll(async () => void (server = await start()));
    afterAll(() => server.stop());

    it("are five, as the contract has them, each with the query as it was asked", async () => {
      const golden = await ask(server.url);
      expect(goldenSchema.parse(golden)).toEqual(golden);
      expect(golden.signals.map(({ name: one, state }) => [one, state])).toEqual([["requests", "data"], ["errors", "data"], ["latency", "data"], ["memory", "data"], ["saturation", "data"]]);
      expect(signal(golden, "errors").queries.map(({ query }) => query)).toEqual([expect.stringContaining('namespace="dreamscape-staging",bigpod="experience",service=~".*",code=~"5.."}[60s]'), expect.stringContaining("[60s]")]);
      expect(golden.signals.every((one) => one.series.every((series) => series.values.length === (Date.parse(golden.to) - Date.parse(golden.from)) / 1000 / golden.stepSeconds + 1))).toBe(true);
    });

    it("show when voyage failed and was slow, and of the other services that they did not", async () => {
      const [voyage, ai] = [await ask(server.url, { service: "voyage" }), await ask(server.url, { service: "ai" })];
      expect(Math.max(...values(voyage, "errors"))).toBeGreaterThan(0.3);
      expect(Math.max(...values(voyage, "errors"))).toBeLessThan(0.5);
      expect(Math.max(...values(ai, "errors"))).toBeLessThan(0.1);
      expect(Math.max(...values(voyage, "latency"))).toBeGreaterThan(3 * Math.max(...values(ai, "latency")));
      expect([signal(voyage, "memory").wholeBigPod, signal(voyage, "latency").wholeBigPod]).toEqual([true, false]);
      const [first, last] = [values(ai, "requests").at(20) ?? 0, values(ai, "requests").at(-1) ?? 0];
      expect(first).toBeGreaterThan(0);
      expect(Math.abs(first - last)).toBeLessThan(first);
    });

    it("are about the share of the memory's limit, between 0 and 1", async () => {
      const golden = await ask(server.url);
      expect(Math.min(...values(golden, "memory"))).toBeGreaterThan(1024 * 1024);
      for (const share of values(golden, "saturation")) expect(share > 0 && share < 1).toBe(true);
    });

    it("have gaps where nothing was measured, never 0", async () => {
      const early = await ask(server.url, { from: new Date(history.startMs - 600_000).toISOString() });
      const [series] = signal(early, "requests").series;
      expect(series?.values.slice(0, 100).every((value) => value === null)).toBe(true);
      expect(series?.values.at(-1)).toBeGreaterThan(0);
      const hours = await ask(server.url, { from: new Date(history.startMs - 7_200_000).toISOString(), to: new Date(history.startMs - 3_600_000).toISOString() });
      expect(hours.signals.map(({ state, sentence, series: none }) => [state, sentence !== null, none])).toEqual(Array.from({ length: 5 }, () => ["empty", true, []]));
    });

    it("say what Prometheus says of a query it refuses, and show the others", async () => {
      const golden = await ask(server.url, {}, withQueries({ latency: "sum(", memory: "http_requests_total * on () http_requests_total" }));
      expect(golden.signals.map(({ state }) => state)).toEqual(["data", "data", "refused", "refused", "data"]);
      expect(signal(golden, "latency").sentence).toMatch(/^Prometheus refuses the query: .*parse error/);
      expect(signal(golden, "memory").sentence).toMatch(/duplicate series/);
    });

    it("say why a share is not known", async () => {
      const one = async (queries: Partial<Config["goldenSignals"]>) => signal(await ask(server.url, {}, withQueries(queries)), "errors");
      expect(await one({ errors: "sum(increase(nothing[$range]))" })).toMatchObject({ state: "empty", series: [], sentence: expect.stringContaining("exported as 0 from the start") });
      expect(await one({ requests: "vector(0)" })).toMatchObject({ state: "empty", sentence: "There were no requests in this time." });
      expect(await one({ errors: 'label_replace(vector(1), "code", "500", "", "")' })).toMatchObject({ state: "empty", sentence: expect.stringContaining("other labels") });
      expect(signal(await ask(server.url, {}, withQueries({ latency: "vector(0) / 0" })), "latency")).toMatchObject({ state: "empty", sentence: expect.stringContaining("NaN") });
    });

    it("show a handful of series, and say when there are more", async () => {
      const golden = await ask(server.url, {}, withQueries({ memory: "process_resident_memory_bytes" }));
      expect(signal(golden, "memory").series).toHaveLength(8);
      expect(signal(golden, "memory").warnings).toEqual([expect.stringContaining("the first 8 are shown")]);
    });

    it("of seven days are within Prometheus' points", async () => {
      const golden = await ask(server.url, { from: new Date(history.endMs - 7 * 86_400_000).toISOString() });
      expect(golden.stepSeconds).toBe(3_600);
      expect(signal(golden, "requests").state).not.toBe("refused");
    });
  });
}

describe("the sandbox", () => {
  goldenContract("the sandbox's Prometheus", async () => {
    const clock = createClock();
    const server = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", store: history.store, rules: [] });
    return { url: server.url, stop: async () => (await server.stop(), clock.stop()) };
  });
});

describe.skipIf(promtoolBinary === undefined)(`Debian's prometheus${missingNote(promtoolBinary, "prometheus")}`, () => {
  goldenContract("the real Prometheus", () => startRealPrometheus({ history: history.text }));
});

describe("a Prometheus in trouble", () => {
  const clock = createClock();
  let prometheus: SandboxPrometheus;
  beforeAll(async () => void (prometheus = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", store: history.store, rules: [] })));
  afterEach(() => prometheus.setFaults({ down: false, unavailable: false, nan: false, warning: false, latencyMs: 0 }));
  afterAll(async () => (await prometheus.stop(), clock.stop()));

  it.each<[string, Parameters<SandboxPrometheus["setFaults"]>[0], string, RegExp]>([
    ["stopped", { down: true }, "unavailable", /the connection is refused/],
    ["starting", { unavailable: true }, "unavailable", /answers 503/],
    ["answering NaN", { nan: true }, "empty", /NaN/],
  ])("%s is told with every signal, and draws nothing", async (_what, faults, state, words) => {
    await prometheus.setFaults(faults);
    const golden = await ask(prometheus.url);
    for (const one of golden.signals) expect([one.state, one.series]).toEqual([state, []]);
    expect(signal(golden, "requests").sentence).toMatch(words);
  });

  it("that warns is shown with its warning, once", async () => {
    await prometheus.setFaults({ warning: true });
    const golden = await ask(prometheus.url);
    expect(signal(golden, "errors")).toMatchObject({ state: "data", warnings: [expect.stringContaining("may be partial")] });
  });

  it("that is late is not waited for", { timeout: 240_000 }, async () => {
    const silent = createServer((_request: unknown, _response: ServerResponse) => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    // A TCP server that listens always has an AddressInfo.
    const begun = performance.now();
    const golden = await ask(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    expect(performance.now() - begun).toBeLessThan(9_500);
    expect(signal(golden, "latency")).toMatchObject({ state: "unavailable", sentence: "Prometheus does not answer within 8 s." });
    silent.closeAllConnections();
    silent.close();
  });
});

describe("who asks, and for what", () => {
  it.each<[string, Parameters<typeof ask>[1], string]>([
    ["an unknown Big Pod", { bigPod: "nothing" }, "not-found"],
    ["an unknown environment", { environment: "nowhere" }, "not-found"],
    ["an unknown service", { service: "nothing" }, "invalid"],
    ["a time that ends before it begins", { from: to, to: from }, "invalid"],
    ["more than seven days", { from: new Date(history.endMs - 7 * 86_400_000 - 1_000).toISOString() }, "invalid"],
    ["the future", { from: new Date(history.endMs + 1_000).toISOString(), to: new Date(history.endMs + 60_000).toISOString() }, "invalid"],
    ["no time", { from: "yesterday" }, "invalid"],
  ])("%s is refused", async (_what, query, code) => {
    await expect(ask(null, query)).rejects.toMatchObject({ code });
  });

  it("is refused where the role does not reach", async () => {
    await expect(readGolden(contextFor(null), actorWith("viewer", ["prod"]), { environment: "staging", bigPod: "experience", from, to })).rejects.toMatchObject({ code: "not-found" });
  });

  it("without a Prometheus hears that none is configured", async () => {
    for (const one of (await ask(null)).signals) expect(one).toMatchObject({ state: "unconfigured", sentence: expect.stringContaining("No Prometheus is configured for staging") });
  });

  it("gets the way to Prometheus' own page, without the credentials", async () => {
    const { url } = signal(await ask(null), "requests").queries[0] ?? {};
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:9090\/prometheus\/graph\?g0\.expr=sum/);
    expect(url).not.toContain("secret");
  });

  it("gets the answer of whoever asked in the same seconds, but never a failure's", async () => {
    let [asked, down] = [0, false];
    const counting: MetricsApi = { instant: () => Promise.reject(new Error("not asked")), alerts: () => Promise.resolve([]), range: async (_query, span) => ((asked += 1), down ? Promise.reject(new VigieError("upstream", "away")) : { series: [{ labels: {}, points: [{ at: span.to, value: 1 }] }], warnings: [] }) };
    let now = history.endMs;
    const context = { ...contextFor(null), clock: { now: () => new Date(now) }, outside: { ...nothingOutside, metrics: () => counting } };
    const look = (service?: string) => readGolden(context, viewer, { environment: "staging", bigPod: "experience", from, to, ...(service === undefined ? {} : { service }) });
    await Promise.all([look(), look(), look()]);
    expect(asked).toBe(5);
    await look("voyage");
    // Memory and its share do not ask for a service.
    expect(asked).toBe(8);
    now += 6_000;
    down = true;
    expect((await look()).signals.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => "unavailable"));
    down = false;
    expect((await look()).signals.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => "data"));
    expect(asked).toBe(18);
  });

  it("gets the changes and incidents of that time, each operation once", async () => {
    const at = new Date(history.startMs + 120_000);
    const change = { environment: "staging", at, by: "Rafael", position: 1n };
    await database.db.changeRow.createMany({
      data: [
        { ...change, id: "c1", bigPod: "experience", kind: "rollout", summary: "Experience v2 → v3", operationId: "op1", release: 7 },
        { ...change, id: "c2", bigPod: null, kind: "release", summary: "R-7", operationId: "op1", release: 7 },
        { ...change, id: "c3", bigPod: "core", kind: "rollout", summary: "Core v1 → v2", operationId: null, release: null },
        { ...change, id: "c4", bigPod: "experience", kind: "scale", summary: "long ago", at: new Date(history.startMs - 60_000), operationId: null, release: null },
        { ...change, id: "c5", bigPod: "experience", kind: "config", summary: "elsewhere", environment: "prod", operationId: null, release: null },
      ],
    });
    const incident = { environment: "staging", title: "voyage fails", severity: "critical", openedAt: at, position: 1n };
    await database.db.incidentRow.createMany({
      data: [
        { ...incident, id: "i1", bigPod: "experience", status: "open", onsetAt: at },
        { ...incident, id: "i2", bigPod: "experience", status: "resolved", onsetAt: new Date(history.startMs - 7_200_000), resolvedAt: new Date(history.startMs - 3_600_000) },
        { ...incident, id: "i3", bigPod: "core", status: "open", onsetAt: at },
      ],
    });
    const golden = await ask(null);
    expect(golden.marks).toEqual([{ at: at.toISOString(), kind: "rollout", by: "Rafael", operationId: "op1", release: 7, label: "Experience v2 → v3", link: "/operations/op1" }]);
    expect(golden.incidents).toMatchObject([{ title: "voyage fails", from: at.toISOString(), to: null }]);
  });
});

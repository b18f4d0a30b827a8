import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "#sandbox/controllers/clock.ts";
import { createTestClock, type TestClock } from "#sandbox/controllers/clock-for-tests.test-support.ts";
import { apiClient } from "#sandbox/prometheus/contract-client.ts";
import { startMetricsServer } from "#sandbox/prometheus/metrics-server.ts";
import { startPrometheus, type SandboxPrometheus } from "#sandbox/prometheus/server.ts";
import type { Target } from "#sandbox/prometheus/targets.ts";

let clock: TestClock;
let prometheus: SandboxPrometheus;
let targets: Target[];
/** What the one target says now; undefined: nothing answers. */
let level: number | undefined;

const target = (instance: string, own: Record<string, string> = {}): Target => ({
  path: `/pods/n/${instance}/p/metrics`,
  labels: { job: "pods", instance },
  scrape: () => (level === undefined ? undefined : [{ name: "level", type: "gauge", help: "A level.", samples: [{ name: "level", labels: own, value: level }] }]),
});

beforeEach(async () => {
  clock = createTestClock();
  level = 1;
  targets = [target("a")];
  const rules = [{ alert: "LevelHigh", expr: "level > 5", forSeconds: 30, labels: { severity: "page", place: "{{ $labels.instance }}" }, annotations: { summary: "{{ $labels.instance }} is at {{ $value }} ({{ $value | humanizePercentage }})" } }];
  prometheus = await startPrometheus({ targets: () => targets, clock, port: 0, host: "127.0.0.1", rules });
});
afterEach(async () => {
  await prometheus.stop();
});

type Result = { metric: Record<string, string>; value: [number, string] }[];
const api = () => apiClient(prometheus.url);
async function result(query: string): Promise<Result> {
  const { body } = await api().post("query", { query });
  return (body.data as { result: Result }).result;
}
const values = async (query: string) => (await result(query)).map((row) => row.value[1]);

describe("what it remembers", () => {
  it("lets other work in between while it scrapes by its timer", async () => {
    const real = createClock();
    /** Turns of the event loop so far, at each scrape. */
    const turns: number[] = [];
    let turn = 0;
    const count = () => {
      turn += 1;
      real.soon(count);
    };
    count();
    const slow = Array.from({ length: 8 }, (_, index): Target => ({
      ...target(`slow-${index}`),
      scrape() {
        turns.push(turn);
        for (const untilMs = performance.now() + 4; performance.now() < untilMs; ) continue;
        return [];
      },
    }));
    const server = await startPrometheus({ targets: () => slow, clock: real, port: 0, host: "127.0.0.1", rules: [], sampleEveryMs: 20 });
    await expect.poll(() => turns.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2 * slow.length);
    await server.stop();
    real.stop();
    const [first, byTimer] = [turns.slice(0, slow.length), turns.slice(slow.length, 2 * slow.length)];
    // The first is whole before anybody may ask.
    expect(new Set(first).size).toBe(1);
    expect(new Set(byTimer).size).toBeGreaterThan(2);
  });

  it("scrapes every five seconds, with the target's labels and its own series", async () => {
    clock.run(20_000);
    expect(await result("level")).toEqual([{ metric: { __name__: "level", instance: "a", job: "pods" }, value: [clock.now() / 1000, "1"] }]);
    expect(await values("count_over_time(level[20s])")).toEqual(["5"]);
    expect(await values("up")).toEqual(["1"]);
    expect((await api().get("metadata")).body.data).toEqual({ level: [{ type: "gauge", help: "A level.", unit: "" }] });
  });

  it("ends a series when its target does not answer, and all of them when it is gone", async () => {
    level = undefined;
    clock.run(5_000);
    expect([await values("level"), await values("up")]).toEqual([[], ["0"]]);
    expect(await values("level offset 5s")).toEqual(["1"]);
    targets = [];
    clock.run(5_000);
    expect(await values("up")).toEqual([]);
    expect(await values("absent(up)")).toEqual(["1"]);
  });

  it("remembers a value for five minutes when scraping stops, as Prometheus does", async () => {
    await prometheus.setFaults({ down: true });
    clock.run(299_000);
    await prometheus.setFaults({ down: false, nan: false });
    const at = (seconds: number) => api().post("query", { query: "level", time: String(clock.now() / 1000 - 299 + seconds) }).then(({ body }) => (body.data as { result: Result }).result.length);
    expect([await at(200), await at(298)]).toEqual([1, 1]);
    expect(await values("count_over_time(level[290s])")).toEqual(["1"]);
  });

  it("keeps a label of a metric that clashes with the target's under another name", async () => {
    targets = [target("b", { job: "own" })];
    clock.run(5_000);
    expect((await result('level{instance="b"}')).map((row) => row.metric)).toEqual([{ __name__: "level", instance: "b", job: "pods", exported_job: "own" }]);
  });

  it("forgets after two hours", async () => {
    clock.run(2 * 3_600_000 + 20 * 60_000);
    const [count = "0"] = await values("count_over_time(level[6h])");
    expect(Number(count)).toBeGreaterThanOrEqual(1440);
    expect(Number(count)).toBeLessThan(1440 + 240);
  });
});

describe("alerts", () => {
  const alerts = async () => ((await api().get("alerts")).body.data as { alerts: { state: string; activeAt: string }[] }).alerts;

  it("are pending for as long as the rule says, then fire, and end", async () => {
    level = 7;
    clock.run(5_000);
    const since = new Date(clock.now()).toISOString();
    expect(await alerts()).toEqual([{ labels: { alertname: "LevelHigh", instance: "a", job: "pods", place: "a", severity: "page" }, annotations: { summary: "a is at 7 (700%)" }, state: "pending", activeAt: since, value: "7e+00" }]);
    expect(await values('ALERTS{alertstate="pending"}')).toEqual(["1"]);
    clock.run(30_000);
    expect(await alerts()).toMatchObject([{ state: "firing", activeAt: since }]);
    expect(await values('ALERTS{alertstate="firing"}')).toEqual(["1"]);
    expect(await values('ALERTS{alertstate="pending"}')).toEqual([]);
    expect((await api().get("rules")).body.data).toMatchObject({ groups: [{ name: "dreamscape", interval: 5, rules: [{ name: "LevelHigh", state: "firing", duration: 30, health: "ok", type: "alerting", alerts: [{ state: "firing" }] }] }] });
    level = 1;
    clock.run(5_000);
    expect([await alerts(), await values("ALERTS")]).toEqual([[], []]);
  });
});

describe("faults", () => {
  it("stopped, it refuses connections and leaves a gap; started, it has its old address", async () => {
    await prometheus.setFaults({ down: true });
    await expect(fetch(`${prometheus.url}/-/healthy`)).rejects.toThrow();
    clock.run(60_000);
    await prometheus.setFaults({ down: false });
    clock.run(5_000);
    expect(await values("count_over_time(level[50s])")).toEqual(["2"]);
  });

  it("answers 503, NaN and warnings when it is told to", async () => {
    await prometheus.setFaults({ unavailable: true });
    expect((await api().get("query", { query: "up" })).status).toBe(503);
    await prometheus.setFaults({ unavailable: false, nan: true });
    expect(await values("up")).toEqual(["NaN"]);
    await prometheus.setFaults({ nan: false, warning: true });
    expect((await api().get("query", { query: "up" })).body.warnings).toHaveLength(1);
  });

  it("answers late when it is told to", async () => {
    await prometheus.setFaults({ latencyMs: 120 });
    const begun = performance.now();
    expect(await values("up")).toEqual(["1"]);
    expect(performance.now() - begun).toBeGreaterThan(110);
  });
});

describe("what it takes", () => {
  it.each([
    ["POST", "/api/v1/label/job/values", 405],
    ["POST", "/api/v1/alerts", 405],
    ["DELETE", "/api/v1/query", 405],
    ["GET", "/api/v1/nothing", 404],
    ["GET", "/api/v1/constructor", 404],
    ["GET", "/api/v1/label/%E0%A4%A/values", 400],
    ["GET", "/", 404],
  ])("%s %s: %i", async (method, path, status) => {
    expect((await fetch(prometheus.url + path, { method })).status).toBe(status);
  });

  it("refuses a form without end, a query without end, and one that would take forever", async () => {
    expect((await api().post("query", { query: "x".repeat(300_000) })).status).toBe(400);
    expect((await api().post("query", { query: `up${" + up".repeat(3_000)}` })).status).toBe(400);
    clock.run(600_000);
    const { status, body } = await api().post("query_range", { query: "max_over_time(max_over_time(level[10m:1s])[10m:1s])", start: String(clock.now() / 1000 - 5_000), end: String(clock.now() / 1000), step: "1" });
    expect([status, body.errorType]).toEqual([422, "execution"]);
  });

  it("answers to loopback names only", async () => {
    const status = await new Promise((resolve) => httpRequest(`${prometheus.url}/api/v1/query?query=up`, { headers: { host: "rebound.example" } }, (response) => resolve(response.resume().statusCode)).end());
    expect(status).toBe(421);
  });
});

describe("the addresses a scraper uses", () => {
  it("are discovered with their labels, serve text, and answer 503 while nothing listens", async () => {
    const metrics = await startMetricsServer({ targets: () => targets, port: 0, host: "127.0.0.1", now: clock.now });
    try {
      const { host } = new URL(metrics.url);
      expect(await (await fetch(`${metrics.url}/sd`)).json()).toEqual([{ targets: [host], labels: { job: "pods", instance: "a", __metrics_path__: "/pods/n/a/p/metrics" } }]);
      const answer = await fetch(`${metrics.url}/pods/n/a/p/metrics`);
      expect([answer.headers.get("content-type"), await answer.text()]).toEqual([expect.stringContaining("version=0.0.4"), "# HELP level A level.\n# TYPE level gauge\nlevel 1\n"]);
      level = undefined;
      expect((await fetch(`${metrics.url}/pods/n/a/p/metrics`)).status).toBe(503);
      expect((await fetch(`${metrics.url}/pods/n/b/p/metrics`)).status).toBe(404);
      expect((await fetch(`${metrics.url}/sd`, { method: "POST" })).status).toBe(405);
    } finally {
      await metrics.stop();
    }
  });
});

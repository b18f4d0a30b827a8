import { afterEach, describe, expect, it } from "vitest";
import { missingNote, prometheusBinary, startRealPrometheus } from "#lib/adapters/prometheus/test-server.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { startControllers } from "#sandbox/controllers/start.ts";
import { createStore } from "#sandbox/kube/store.ts";
import { startMetricsServer } from "#sandbox/prometheus/metrics-server.ts";
import { platformRules, rulesYaml } from "#sandbox/prometheus/platform-rules.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import { listTargets } from "#sandbox/prometheus/targets.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";
import { createWorldControl } from "#sandbox/world/control.ts";
import { seedPlatform } from "#sandbox/world/seed.ts";
import { createWorld } from "#sandbox/world/world.ts";

const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** The world in real time with speed, its metrics, and the sandbox's Prometheus sampling every second. */
async function startWorld() {
  const clock = createClock({ speed: 10 });
  const store = createStore({ now: Date.now });
  const catalogue = createCatalogue({ now: Date.now });
  const world = createWorld({ clock });
  seedPlatform(store, catalogue, { now: Date.now });
  const controllers = startControllers({ store, catalogue, world, clock });
  stops.push(() => store.stop(), () => clock.stop(), () => world.stopAll(), () => controllers.stop());
  const targets = () => listTargets({ store, world });
  const metrics = await startMetricsServer({ targets, port: 0, host: "127.0.0.1" });
  const prometheus = await startPrometheus({ targets, clock, port: 0, host: "127.0.0.1", sampleEveryMs: 1_000 });
  stops.push(metrics.stop, prometheus.stop);
  const control = createWorldControl({ store, catalogue, world });
  return { metrics, prometheus, control };
}

/** Value of a query that gives one series; undefined for none. */
async function one(url: string, query: string): Promise<number | undefined> {
  const body = (await (await fetch(`${url}/api/v1/query`, { method: "POST", body: new URLSearchParams({ query }) })).json()) as { data: { result: { value: [number, string] }[] } };
  const [first] = body.data.result;
  return first === undefined ? undefined : Number(first.value[1]);
}

/** Rules' alerts that hold, by name and state, each once. */
async function alerts(url: string): Promise<string[]> {
  const body = (await (await fetch(`${url}/api/v1/alerts`)).json()) as { data: { alerts: { labels: { alertname: string; environment?: string; service?: string }; state: string }[] } };
  return [...new Set(body.data.alerts.map(({ labels, state }) => `${labels.alertname} ${labels.environment ?? ""} ${labels.service ?? ""} ${state}`))].toSorted();
}

describe.skipIf(prometheusBinary === undefined)(`the real Prometheus scraping the sandbox${missingNote(prometheusBinary, "prometheus")}`, () => {
  it("finds the same targets and series, sees a crash, its end and its alert as the sandbox's own does", async () => {
    const { metrics, prometheus, control } = await startWorld();
    const real = await startRealPrometheus({ rules: rulesYaml(platformRules, { speed: 10, intervalSeconds: 1 }), scrapeConfigs: [{ job_name: "sandbox", http_sd_configs: [{ url: `${metrics.url}/sd`, refresh_interval: "1s" }] }] });
    stops.push(real.stop);
    const both = (query: string) => Promise.all([one(prometheus.url, query), one(real.url, query)]);
    const settled = { timeout: 25_000, interval: 250 };

    await expect.poll(() => both("sum(up)"), settled).toEqual([58, 58]);
    for (const query of ['count(up{job="pods"})', "count(node_supervisord_state == 20)", 'count(supervisor_process_info{state="RUNNING"})', "sum(floor(process_start_time_seconds))", "sum(container_spec_memory_limit_bytes)", 'count({__name__=~"http_.+|process_.+|app_.+|node_.+|supervisor.*|container_.+"})', "count(count by (__name__, environment, namespace, pod, bigpod, service, container, node, instance, job) ({__name__!=\"\", alertname=\"\", __name__!~\"scrape_.+\"}))"]) {
      await expect.poll(async () => { const [left, right] = await both(query); return left === right ? "same" : `${query}: ${left} and ${right}`; }, settled).toBe("same");
    }
    // Each scrapes at its own moments.
    await expect.poll(async () => { const [left = 0, right = 0] = await both("sum(rate(http_requests_total[10s]))"); return right > 10 && Math.abs(left - right) / right < 0.25; }, settled).toBe(true);

    control.crash({ environment: "prod", bigPod: "experience", process: "panorama" }, true);
    for (const query of ['count(up{service="panorama", environment="prod"} == 0)', 'count(node_supervisord_state{name="panorama"} == 200)']) await expect.poll(() => both(query), settled).toEqual([2, 2]);
    await expect.poll(() => both('count(http_requests_total{service="panorama", environment="prod"})'), settled).toEqual([undefined, undefined]);
    for (const { url } of [prometheus, real]) await expect.poll(() => alerts(url), settled).toContain("ProcessNotRunning prod panorama firing");
    expect((await alerts(prometheus.url)).filter((alert) => alert.startsWith("TargetDown"))).toEqual([]);
    const [own, theirs] = [await alerts(prometheus.url), await alerts(real.url)];
    expect(own).toContain("Watchdog   firing");
    expect(theirs).toContain("Watchdog   firing");

    control.heal({ environment: "prod", bigPod: "experience", process: "panorama" });
    await expect.poll(() => both("sum(up)"), settled).toEqual([58, 58]);
    for (const { url } of [prometheus, real]) await expect.poll(() => alerts(url), settled).not.toContain("ProcessNotRunning prod panorama firing");
    const rules = async (url: string) => ((await (await fetch(`${url}/api/v1/rules`)).json()) as { data: { groups: { name: string; rules: Record<string, unknown>[] }[] } }).data.groups.map((group) => [group.name, group.rules.map(({ name, query, duration, health, type }) => ({ name, query: String(query).replaceAll(/\s/g, ""), duration, health, type }))]);
    expect(await rules(prometheus.url)).toEqual(await rules(real.url));
  }, 90_000);
});

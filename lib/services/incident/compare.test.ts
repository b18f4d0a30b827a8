import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrometheus } from "#lib/adapters/prometheus/prometheus.ts";
import { missingNote, promtoolBinary, startRealPrometheus } from "#lib/adapters/prometheus/test-server.ts";
import { configSchema } from "#lib/contracts/config.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";
import { compareAround } from "#lib/services/incident/compare.ts";
import { nothingOutside, testConfig } from "#lib/services/test-context.ts";
import { createClock } from "#sandbox/controllers/clock.ts";
import { makeLabels, nameLabel } from "#sandbox/prometheus/promql/labels.ts";
import { startPrometheus } from "#sandbox/prometheus/server.ts";
import { createSeriesStore } from "#sandbox/prometheus/store.ts";

/** Whole seconds, in the past. */
const changedAt = Math.floor(Date.now() / 1000) * 1000 - 3_600_000;
const weekMs = 7 * 24 * 3_600_000;
const everySeconds = 5;

interface Shape {
  bigPod: string;
  /** Requests every five seconds. */
  requests: number;
  /** Seconds between two errors before and after the change. */
  errorEvery: { before: number; after: number };
  slowAfter?: boolean;
  /** Seconds relative to the change between which there are data. */
  from?: number;
  to?: number;
  without?: (second: number) => boolean;
  /** Counters begin anew at this second. */
  resetAt?: number;
  shiftMs?: number;
}

const shapes: Shape[] = [
  { bigPod: "busy", requests: 10, errorEvery: { before: 100, after: 24 } },
  { bigPod: "quiet", requests: 2.5, errorEvery: { before: 400, after: 100 } },
  { bigPod: "steady", requests: 40, errorEvery: { before: 100, after: 100 } },
  { bigPod: "slow", requests: 40, errorEvery: { before: 100, after: 100 }, slowAfter: true },
  { bigPod: "young", requests: 40, errorEvery: { before: 100, after: 5 }, from: -300 },
  { bigPod: "gappy", requests: 40, errorEvery: { before: 100, after: 100 }, without: (second) => second > 30 && second < 220 },
  { bigPod: "late", requests: 40, errorEvery: { before: 100, after: 100 }, to: 60 },
  { bigPod: "reset", requests: 40, errorEvery: { before: 100, after: 100 }, resetAt: 2.5 },
  { bigPod: "usual", requests: 40, errorEvery: { before: 100, after: 5 } },
  { bigPod: "usual", requests: 40, errorEvery: { before: 100, after: 5 }, shiftMs: -weekMs },
];

interface Point {
  name: string;
  labels: Record<string, string>;
  atMs: number;
  value: number;
}

function* pointsOf({ bigPod, requests, errorEvery, slowAfter = false, from = -3_700, to = 240, without = () => false, resetAt, shiftMs = 0 }: Shape): Generator<Point> {
  const labels = { namespace: "test-prod", bigpod: bigPod, service: "auth" };
  let [all, failed, quick, slow] = [0, 0, 0, 0];
  for (let second = from; second <= to; second += everySeconds) {
    const every = second <= 0 ? errorEvery.before : errorEvery.after;
    if (resetAt !== undefined && second > resetAt && second - everySeconds <= resetAt) [all, failed, quick, slow] = [0, 0, 0, 0];
    all += requests;
    failed += everySeconds / every;
    if (slowAfter && second > 0) slow += requests;
    else quick += requests;
    if (without(second)) continue;
    const atMs = changedAt + shiftMs + second * 1000;
    yield { name: "http_requests_total", labels: { ...labels, code: "200" }, atMs, value: all - failed };
    yield { name: "http_requests_total", labels: { ...labels, code: "500" }, atMs, value: failed };
    for (const [le, value] of [["0.1", quick], ["0.5", quick + slow], ["+Inf", quick + slow]] as const) yield { name: "http_request_duration_seconds_bucket", labels: { ...labels, le }, atMs, value };
    yield { name: "container_memory_working_set_bytes", labels: { namespace: "test-prod", pod: `${bigPod}-7d9f8c6b5-abcde`, container: "app" }, atMs, value: 2 ** 28 + (second % 7) * 1e5 };
  }
}

/** Each series with its points together, and each series once: promtool wants it so. */
function historyText(): string {
  const lines = new Map<string, { atMs: number; line: string }[]>();
  for (const shape of shapes) for (const { name, labels, atMs, value } of pointsOf(shape)) {
    const series = `${name}{${Object.entries(labels).map(([label, text]) => `${label}="${text}"`).join(",")}}`;
    lines.set(series, [...(lines.get(series) ?? []), { atMs, line: `${series} ${value} ${atMs / 1000}` }]);
  }
  return `${[...lines.values()].flatMap((points) => points.toSorted((left, right) => left.atMs - right.atMs).map(({ line }) => line)).join("\n")}\n# EOF\n`;
}

const config = configSchema.parse({ ...testConfig, bigPods: [...new Set(shapes.map((shape) => shape.bigPod))].map((name) => ({ name, workload: { name }, services: [{ name: "auth", container: "auth" }] })) });
const at = new Date(changedAt);

function compared(metrics: MetricsApi | null, bigPod: string, seconds = 240, services: string[] = []) {
  const context = { config, outside: { ...nothingOutside, metrics: () => metrics } };
  return compareAround(context, { environment: "prod", bigPod, services, memory: true }, { at, now: new Date(changedAt + seconds * 1000), changedBefore: null, changedAfter: null });
}

function comparisons(name: string, start: () => Promise<{ url: string; stop(): Promise<void> }>): void {
  describe(`compared through ${name}`, () => {
    let under: Awaited<ReturnType<typeof start>>;
    let metrics: MetricsApi;
    beforeAll(async () => {
      under = await start();
      metrics = createPrometheus({ url: under.url, authorization: null, timeoutMs: 25_000 });
    });
    afterAll(() => under.stop());

    it("120 requests a minute, 0.5 % to 2 %, after four minutes: worse, p ≈ 4e-4, with exact counts", async () => {
      const found = await compared(metrics, "busy");
      expect(found).toMatchObject({ verdict: "worse", windowSeconds: 240, baselineSeconds: 3_600, warnings: [], errors: { verdict: "worse", before: { requests: 7_200, errors: 36 }, after: { requests: 480, errors: 10 }, p: expect.closeTo(4.379e-4, 6) } });
      expect(found.sentence).toBe("errors rose from 0.5 % (36 of 7,200) to 2.1 % (10 of 480), p = 0.0004");
      expect(found.queries).toContainEqual({ name: "errors", query: 'sum(increase(http_requests_total{namespace="test-prod",bigpod="busy",service=~".*",code=~"5.."}[240s]))' });
    });

    it("30 requests a minute: insufficient data", async () => {
      expect(await compared(metrics, "quiet")).toMatchObject({ verdict: "insufficient-data", errors: { before: { requests: 1_800, errors: 9 }, after: { requests: 120, errors: 2 } } });
    });

    it("steady: no difference, in errors, latency and memory", async () => {
      expect(await compared(metrics, "steady")).toMatchObject({ verdict: "no-difference", errors: { verdict: "no-difference" }, latency: { verdict: "no-difference", before: { n: 8 }, after: { n: 8 } }, memory: { verdict: "no-difference" }, restarts: null, control: null });
    });

    it("slower: worse by its latency", async () => {
      expect(await compared(metrics, "slow")).toMatchObject({ verdict: "worse", errors: { verdict: "no-difference" }, latency: { verdict: "worse", unit: "seconds" } });
    });

    it("data that begin five minutes before the change are enough", async () => {
      expect(await compared(metrics, "young")).toMatchObject({ verdict: "worse", baselineSeconds: expect.closeTo(300, -2) });
    });

    it("a counter that began anew is counted on", async () => {
      const found = await compared(metrics, "reset");
      expect(found.verdict).not.toBe("worse");
      expect(found.errors?.after.requests).toBeGreaterThan(1_800);
      expect(found.errors?.after.requests).toBeLessThan(2_000);
    });

    it.each([["gappy", "requests have gaps"], ["late", "requests have gaps"], ["nowhere", "the query of requests gives no data"]])("%s: insufficient data, with the reason", async (bigPod, words) => {
      const found = await compared(metrics, bigPod);
      expect(found).toMatchObject({ verdict: "insufficient-data" });
      expect(found.sentence).toContain(words);
    });

    it("the same hours of last week weaken a rise they had too", async () => {
      expect(await compared(metrics, "usual")).toMatchObject({ verdict: "worse", control: { errors: { verdict: "worse" } }, sentence: expect.stringContaining("the same hours a week before saw a rise too") });
    });

    it("services are looked at alone when they are named", async () => {
      expect(await compared(metrics, "busy", 240, ["auth"])).toMatchObject({ verdict: "worse" });
      expect(await compared(metrics, "busy", 240, ["another"])).toMatchObject({ verdict: "insufficient-data" });
    });
  });
}

comparisons("the sandbox's Prometheus", async () => {
  const store = createSeriesStore({ retentionMs: 2 * weekMs });
  for (const shape of shapes.toSorted((left, right) => (left.shiftMs ?? 0) - (right.shiftMs ?? 0))) for (const { name, labels, atMs, value } of pointsOf(shape)) store.append(makeLabels({ ...labels, [nameLabel]: name }), atMs, value);
  const clock = createClock();
  const server = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", store });
  return { url: server.url, stop: async () => (await server.stop(), clock.stop()) };
});

describe.skipIf(promtoolBinary === undefined)(`Debian's prometheus${missingNote(promtoolBinary, "prometheus")}`, () => {
  comparisons("the real Prometheus", () => startRealPrometheus({ history: historyText() }));
});

describe("a Prometheus that cannot be relied on never shows that there is no difference", () => {
  const store = createSeriesStore({ retentionMs: 2 * weekMs });
  for (const shape of shapes.filter(({ bigPod }) => bigPod === "steady")) for (const { name, labels, atMs, value } of pointsOf(shape)) store.append(makeLabels({ ...labels, [nameLabel]: name }), atMs, value);
  const clock = createClock();
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  beforeAll(async () => {
    server = await startPrometheus({ targets: () => [], clock, port: 0, host: "127.0.0.1", store });
  });
  afterAll(async () => {
    await server.stop();
    clock.stop();
  });

  it.each([
    ["away", { down: true }, "cannot be asked"],
    ["starting", { unavailable: true }, "503"],
    ["late", { latencyMs: 2_000 }, "no answer within"],
    ["full of NaN", { nan: true }, "NaN"],
    ["partial", { warning: true }, "may be partial"],
  ])("%s", async (_name, fault, words) => {
    await server.setFaults(fault);
    try {
      const found = await compared(createPrometheus({ url: server.url, authorization: null, timeoutMs: "latencyMs" in fault ? 500 : 20_000 }), "steady");
      expect(found.verdict).toBe("insufficient-data");
      expect(found.sentence).toContain(words);
      if ("warning" in fault) expect(found.warnings).toHaveLength(1);
    } finally {
      await server.setFaults({ down: false, unavailable: false, latencyMs: 0, nan: false, warning: false });
    }
  });

  it("not configured, or too early", async () => {
    expect(await compared(null, "steady")).toMatchObject({ verdict: "insufficient-data", sentence: "nothing can be compared: no Prometheus is configured for prod" });
    expect(await compared(createPrometheus({ url: server.url, authorization: null }), "steady", 5)).toMatchObject({ verdict: "insufficient-data", sentence: "the change is only 5 s old: nothing can be compared yet" });
  });
});

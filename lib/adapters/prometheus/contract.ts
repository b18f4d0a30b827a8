import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrometheus, maximumPoints, smallestStepSeconds } from "#lib/adapters/prometheus/prometheus.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";

export interface PrometheusUnderTest {
  url: string;
  /** Whole seconds between which "odd" has a sample every five seconds. */
  startMs: number;
  endMs: number;
  /** Has a rule "Watchdog" that fires. */
  stop(): Promise<void>;
}

/** What the adapter makes of a Prometheus: runs against the sandbox always, and against the real one where it is installed. */
export function metricsContract(name: string, start: () => Promise<PrometheusUnderTest>): void {
  describe(`metrics through ${name}`, () => {
    let under: PrometheusUnderTest;
    let api: MetricsApi;
    let at: Date;
    beforeAll(async () => {
      under = await start();
      api = createPrometheus({ url: under.url, authorization: null });
      at = new Date(under.endMs);
    });
    afterAll(() => under.stop());

    it("gives a vector with labels, values and times", async () => {
      const { samples, warnings } = await api.instant('odd{kind=~"slow|negative"}', at);
      expect(samples.toSorted((left, right) => left.value - right.value)).toEqual([
        { labels: { __name__: "odd", kind: "negative" }, value: -140, at },
        { labels: { __name__: "odd", kind: "slow" }, value: 3, at },
      ]);
      expect(warnings).toEqual([]);
    });

    it("takes a scalar for one sample without labels, and nothing for nothing", async () => {
      expect((await api.instant("1.5e3", at)).samples).toEqual([{ labels: {}, value: 1500, at }]);
      expect((await api.instant("nothing", at)).samples).toEqual([]);
    });

    it("tells NaN and the infinities from numbers", async () => {
      const value = async (query: string) => (await api.instant(query, at)).samples[0]?.value;
      expect(await value("vector(0) / 0")).toBeNaN();
      expect(await value("vector(1) / 0")).toBe(Number.POSITIVE_INFINITY);
      expect(await value("vector(-1) / 0")).toBe(Number.NEGATIVE_INFINITY);
      expect(await value("vector(1e300) * 10")).toBe(1e301);
    });

    it("asks for now when no time is given", async () => {
      const before = Date.now() - 1_000;
      const [sample] = (await api.instant("vector(1)")).samples;
      expect(sample?.at.getTime()).toBeGreaterThan(before - 1_000);
      expect(sample?.at.getTime()).toBeLessThan(Date.now() + 1_000);
    });

    it("gives a range as points, its gaps as absent points", async () => {
      const from = new Date(under.startMs);
      const { series } = await api.range('odd{kind="slow"}', { from, to: new Date(under.startMs + 20_000), stepSeconds: 5 });
      expect(series).toEqual([{ labels: { __name__: "odd", kind: "slow" }, points: [0, 5, 10, 15, 20].map((seconds) => ({ at: new Date(under.startMs + seconds * 1000), value: 0 })) }]);
      const gaps = await api.range('odd{kind="slow"} < 1 or odd{kind="slow"} > 2', { from, to: at, stepSeconds: 5 });
      const points = gaps.series.flatMap((one) => one.points);
      expect(new Set(points.map((point) => point.value))).toEqual(new Set([0, 3]));
      expect(points.length).toBeLessThan((under.endMs - under.startMs) / 5000);
    });

    it("sends a query that does not fit into an address", async () => {
      const query = `odd{kind=~"slow|${Array.from({ length: 800 }, (_none, index) => `kind-${index}`).join("|")}"}`;
      expect((await api.instant(query, at)).samples.map((sample) => sample.value)).toEqual([3]);
    });

    it.each(["sum(", "rate(odd)", "odd{kind=~\"(\"}"])("passes on what Prometheus says of a query it cannot parse: %s", async (query) => {
      await expect(api.instant(query, at)).rejects.toMatchObject({ code: "invalid", message: expect.stringMatching(/^Prometheus refuses the query: invalid parameter "query": .*parse error/) });
      await expect(api.range(query, { from: at, to: at, stepSeconds: 1 })).rejects.toMatchObject({ code: "invalid", detail: { errorType: "bad_data" } });
    });

    it("passes on what Prometheus says of one it cannot evaluate", async () => {
      await expect(api.instant("odd * on () odd", at)).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("many-to-many"), detail: { errorType: "execution" } });
    });

    it.each(['"text"', "odd[5m]"])("refuses %s, which is no number", async (query) => {
      await expect(api.instant(query, at)).rejects.toMatchObject({ code: "invalid" });
    });

    it("refuses a range with more points than Prometheus gives, naming a step that fits", async () => {
      const to = new Date(under.startMs + (maximumPoints + 1) * 1000);
      const span = { from: new Date(under.startMs), to };
      await expect(api.range("odd", { ...span, stepSeconds: 1 })).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("at least 2 s") });
      const { series } = await api.range("odd", { ...span, stepSeconds: smallestStepSeconds(span.from, to) });
      expect(series.length).toBeGreaterThan(0);
      for (const wrong of [{ from: to, to: span.from, stepSeconds: 1 }, { ...span, stepSeconds: 0 }]) await expect(api.range("odd", wrong)).rejects.toMatchObject({ code: "invalid" });
    });

    it("gives the alerts with the time their expression began to hold", async () => {
      await expect.poll(async () => (await api.alerts()).map(({ name: alert, state }) => [alert, state]), { timeout: 20_000 }).toEqual([["Watchdog", "firing"]]);
      const [watchdog] = await api.alerts();
      expect(watchdog).toMatchObject({ labels: { alertname: "Watchdog", severity: "none" }, annotations: { summary: expect.stringContaining("Always firing") } });
      expect(Math.abs(Date.now() - (watchdog?.activeAt.getTime() ?? 0))).toBeLessThan(120_000);
    });

    it("is ended by its signal", async () => {
      await expect(api.instant("up", at, AbortSignal.abort())).rejects.toMatchObject({ code: "upstream" });
    });
  });
}

import { beforeAll, describe, expect, it } from "vitest";
import { apiClient, expectSameData, type ApiClient } from "#sandbox/prometheus/contract-client.ts";

export interface PrometheusUnderTest {
  url: string;
  /** A Prometheus with the same series, to compare with; the suite asks both the same. */
  wantedUrl: string;
  /** When the series end, and begin. */
  startMs: number;
  endMs: number;
}

const voyage = '{service="voyage"}';
const errors = 'sum by (environment, service) (rate(http_requests_total{code=~"5.."}[2m]))';
const all = "sum by (environment, service) (rate(http_requests_total[2m]))";

/** Each is asked at several moments, and over a range. */
export const goodQueries = [
  "up", 'up{job="pods"} == 0', `http_requests_total${voyage}`, 'http_requests_total{service=~"voy.*|ai", environment!="dev", code!~"4.."}', '{__name__=~"odd|up", job=""}', 'odd{kind!=""}',
  "rate(http_requests_total[1m])", "irate(http_requests_total[2m])", "increase(http_requests_total[5m])", "delta(odd[3m])", "idelta(odd[1m])", "rate(odd[1m])", "increase(odd[90s])", "changes(odd[4m])", "resets(odd[4m])", "deriv(odd[2m])", 'predict_linear(odd{kind="wave"}[3m], 600)',
  "avg_over_time(odd[2m])", "min_over_time(odd[2m])", "max_over_time(odd[2m])", "sum_over_time(odd[2m])", "count_over_time(odd[2m])", "last_over_time(odd[2m])", "stddev_over_time(odd[2m])", "quantile_over_time(0.9, odd[2m])", "quantile_over_time(1.5, odd[2m])", "present_over_time(odd[1m])",
  "sum(up)", "sum by (job) (up)", "avg without (pod, instance) (process_resident_memory_bytes)", "max by (environment) (process_resident_memory_bytes)", "min(odd)", "count by (environment, bigpod) (up)", "quantile by (job) (0.5, scrape_samples_scraped)", "stddev by (environment) (process_resident_memory_bytes)", "group by (job) (up)", 'count_values("value", up)', "count_values by (job) (\"value\", up)",
  "topk(3, process_resident_memory_bytes)", "bottomk by (environment) (1, process_resident_memory_bytes)", "sort_desc(odd)", "sort(odd)", "topk(0, up)",
  `${errors} / ${all}`, `${errors} / ${all} > 0.05`, `${errors} / on (environment, service) ${all} > bool 0.05`, "odd + 1", "2 * odd - odd", "odd % 7", "odd ^ 2", "-odd ^ 2", "-1 ^ 2", "2 ^ 3 ^ 2", "odd > 3", "3 < odd", "odd == bool 1", "odd / 0", "1 - 2 * 3", "5 % 3 > bool 1", "odd atan2 2", "odd atan2 odd", "odd atan2 ignoring () odd",
  "container_memory_working_set_bytes / container_spec_memory_limit_bytes > 0.5", "process_resident_memory_bytes * on (pod, service) group_left (version) app_build_info", "app_build_info * on (pod, service) group_right process_resident_memory_bytes", "sum by (pod) (process_resident_memory_bytes) / ignoring (service) group_right sum by (pod, service) (process_resident_memory_bytes)",
  'up == 0 and on (pod) app_build_info', 'up unless on (pod) node_supervisord_up', 'odd{kind="slow"} or odd{kind="wave"} or vector(3)', 'odd and odd{kind="negative"}', "up and on () vector(1)",
  "histogram_quantile(0.95, sum by (le, service) (rate(http_request_duration_seconds_bucket[2m])))", "histogram_quantile(0.5, http_request_duration_seconds_bucket)", "histogram_quantile(2, http_request_duration_seconds_bucket)",
  "abs(odd)", "ceil(odd / 3)", "floor(odd / 3)", "round(odd, 5)", "round(odd)", "clamp(odd, 0, 10)", "clamp(odd, 10, 0)", "clamp_min(odd, 5)", "clamp_max(odd, 5)", "sgn(odd)", "sqrt(abs(odd))", "ln(abs(odd))", "exp(odd / 100)",
  "absent(nothing)", 'absent(nothing{a="b", c!="d", e=~"f"})', "absent(up)", 'absent_over_time(nothing{a="b"}[5m])', "absent(sum(nothing))",
  "scalar(sum(up))", "scalar(up)", "vector(7)", "time()", "timestamp(odd)", "timestamp(odd + 0)", "hour()", "day_of_week(vector(1700000000))", "month(vector(1700000000))", "days_in_month(vector(1709000000))", "pi()",
  'label_replace(up, "short", "$1", "pod", "([a-z]+)-.*")', 'label_replace(odd, "kind", "", "kind", "wave")', 'label_replace(odd, "b", "x-$1$2", "kind", "(n)(.*)")', 'label_join(odd, "both", "-", "kind", "__name__")',
  "odd offset 2m", "rate(odd[1m] offset 1m)", "odd offset -30s", "sum(odd offset 1m) - sum(odd)", "avg_over_time(odd[3m:20s])", "max_over_time(rate(odd[1m])[5m:30s])", "sum_over_time(odd[2m:7s] offset 1m)", "max_over_time(sum(up)[5m:])", "odd @ start()", "odd + odd @ end()", "rate(odd[1m] @ end())",
  '"a text"', "42", "1e3", "0x1f", "Inf", "NaN", "-Inf", "((odd))", "+odd", "sum(odd) by (kind)", "odd # a remark",
];

/** Refused when they are parsed, with 400. */
export const badQueries = [
  "", "sum(", "up{", 'up{a="b"', "up)", "foo(up)", "rate(up)", "rate(up[5m]", "up[5m", "up[0s]", "sum(up[5m])", "up + ", "1 ==", "1 == 2", "up and 1", "{}", '{a=""}', '{a=~".*"}', 'up{a=~"("}', "up bool 1", "up + bool 1", "topk(up)", "abs()", "abs(up, up)", "label_replace(up, 1, 2, 3, 4)",
  "up offset", "sum(up) offset 5m", "up[5m] offset 1m offset 2m", "rate(up[5m])[5m]", "up[5m:1m:2m]", '"text" + 1', "up * on(a) group_left(a) up", "up and on(a) group_left up", "up == on (a", "vector(up)", "scalar(1)", "time(1)", "5m", "up[5]", "-up[5m]", "sum by (up", 'count_values(1, up)', 'quantile("a", up)', "limitk(2, up)", "holt_winters(up)", "fill(1)",
];

/** Refused while they are evaluated, with 422. */
export const failingQueries = ["up * up{job=\"pods\"} + on (job) up", "sum by (job, environment) (up) + on (job) sum by (job, environment) (up)", "up * on (job) group_left sum by (job, environment) (up)", 'label_replace(odd, "kind", "same", "", "")', 'label_replace(odd, "a b", "x", "kind", "y")', 'label_replace(odd, "a", "x", "kind", "(")', 'sum({__name__=~"odd|up"}) by (x) + rate({__name__=~"up|scrape_samples_scraped"}[1m])', 'count_values("a b", up)'];

/** What Vigie relies on in a Prometheus; `target` is asked once, when the suite begins. */
export function prometheusContract(name: string, target: () => PrometheusUnderTest): void {
  describe(`Prometheus contract: ${name}`, () => {
    let under: PrometheusUnderTest;
    let actual: ApiClient;
    let wanted: ApiClient;
    beforeAll(() => {
      under = target();
      actual = apiClient(under.url);
      wanted = apiClient(under.wantedUrl);
    });

    it.each(goodQueries)("%s", async (query) => {
      const ordered = /^(sort|sort_desc)\(/.test(query);
      for (const share of [0.2, 0.5, 0.999]) {
        const parameters = { query, time: String(Math.round(under.startMs + share * (under.endMs - under.startMs)) / 1000) };
        const [one, other] = await Promise.all([actual.post("query", parameters), wanted.post("query", parameters)]);
        expect(one.status, one.body.error).toBe(other.status);
        expectSameData(one.body.data, other.body.data, { ordered });
      }
      const range = { query, start: String(under.startMs / 1000 + 60), end: String(under.endMs / 1000), step: "37" };
      const [one, other] = await Promise.all([actual.get("query_range", range), wanted.get("query_range", range)]);
      expect([one.status, one.body.errorType], one.body.error).toEqual([other.status, other.body.errorType]);
      if (one.status === 200) expectSameData(one.body.data, other.body.data);
      else expect(one.body.error).toBe(other.body.error);
    });

    it.each(badQueries)("refuses as bad data: %s", async (query) => {
      const [one, other] = await Promise.all([actual.get("query", { query }), wanted.get("query", { query })]);
      expect([other.status, other.body.errorType], "the real one").toEqual([400, "bad_data"]);
      expect([one.status, one.body.status, one.body.errorType]).toEqual([400, "error", "bad_data"]);
      expect(one.body.error).toMatch(/^invalid parameter "query": /);
    });

    it.each(failingQueries)("fails while it evaluates: %s", async (query) => {
      const parameters = { query, time: String(under.endMs / 1000) };
      const [one, other] = await Promise.all([actual.get("query", parameters), wanted.get("query", parameters)]);
      expect([other.status, other.body.errorType], other.body.error).toEqual([422, "execution"]);
      expect([one.status, one.body.status, one.body.errorType], one.body.error).toEqual([422, "error", "execution"]);
    });

    it.each<[string, string, Record<string, string | string[]>]>([
      ["a time that is none", "query", { query: "up", time: "noon" }],
      ["a time-out that is none", "query", { query: "up", timeout: "soon" }],
      ["no start", "query_range", { query: "up", end: "10", step: "1" }],
      ["an end before the start", "query_range", { query: "up", start: "20", end: "10", step: "1" }],
      ["no step", "query_range", { query: "up", start: "1", end: "10" }],
      ["a step of zero", "query_range", { query: "up", start: "1", end: "10", step: "0" }],
      ["more than 11,000 points", "query_range", { query: "up", start: "0", end: "11001", step: "1" }],
      ["a range of a range", "query_range", { query: "up[5m]", start: "0", end: "10", step: "1" }],
      ["a range of a text", "query_range", { query: '"text"', start: "0", end: "10", step: "1" }],
      ["series of nothing", "series", {}],
      ["series of an expression that is no selector", "series", { "match[]": ["sum(up)"] }],
      ["values of what is no label", "label/a-b/values", {}],
      ["a limit of metadata that is no number", "metadata", { limit: "many" }],
      ["rules of an unknown type", "rules", { type: "song" }],
      ["what does not exist", "nothing/here", {}],
    ])("answers %s as the real one does", async (_what, path, parameters) => {
      const [one, other] = await Promise.all([actual.get(path, parameters), wanted.get(path, parameters)]);
      expect([one.status, one.body.status, one.body.errorType]).toEqual([other.status, other.body.status, other.body.errorType]);
      // The place in a parse error may differ, what is said before it not.
      expect(one.body.error?.split(": parse error")[0]?.replace(/\d+:\d+$/, "")).toBe(other.body.error?.split(": parse error")[0]?.replace(/\d+:\d+$/, ""));
    });

    it.each<[string, Record<string, string | string[]>]>([
      ["series", { "match[]": ['odd{kind=~"w.*"}', "up{service=\"voyage\"}"] }],
      ["labels", { "match[]": ["odd"] }],
      ["labels", {}],
      ["label/kind/values", {}],
      ["label/__name__/values", {}],
      ["label/service/values", { "match[]": ['up{environment="prod"}'] }],
      ["label/nothing/values", {}],
    ])("lists %s of %j", async (path, given) => {
      const parameters = { ...given, start: String(under.startMs / 1000), end: String(under.endMs / 1000) };
      const [one, other] = await Promise.all([actual.get(path, parameters), wanted.get(path, parameters)]);
      expect(other.body.status).toBe("success");
      const sorted = (data: unknown) => (data as unknown[]).map((entry) => (typeof entry === "string" ? entry : JSON.stringify(Object.entries(entry as object).toSorted()))).toSorted();
      expect(sorted(one.body.data)).toEqual(sorted(other.body.data));
    });

    it("takes times as RFC 3339 and steps as durations", async () => {
      const at = new Date(under.endMs).toISOString();
      const parameters = { query: "odd", start: new Date(under.startMs).toISOString(), end: at, step: "1m" };
      const [one, other] = await Promise.all([actual.post("query_range", parameters), wanted.post("query_range", parameters)]);
      expect(other.status).toBe(200);
      expectSameData(one.body.data, other.body.data);
    });

    it("says that it is healthy, ready, and which version it is", async () => {
      for (const { url } of [under, { url: under.wantedUrl }]) {
        expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
        expect((await fetch(`${url}/-/ready`)).status).toBe(200);
      }
      const version = async (client: ApiClient) => ((await client.get("status/buildinfo")).body.data as { version: string }).version;
      expect(await version(actual)).toMatch(/^2\.\d+\.\d+/);
      expect((await wanted.get("status/buildinfo")).body.data).toHaveProperty("version");
    });
  });
}

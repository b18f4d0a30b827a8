import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeLabels, nameLabel } from "#sandbox/prometheus/promql/labels.ts";
import { PromqlError } from "#sandbox/prometheus/promql/error.ts";
import { Evaluator } from "#sandbox/prometheus/promql/evaluate.ts";
import { formatValue } from "#sandbox/prometheus/promql/format.ts";
import { parsePromql } from "#sandbox/prometheus/promql/parse.ts";
import { createSeriesStore } from "#sandbox/prometheus/store.ts";

const endMs = 600_000;

/** Ten minutes with a sample every 15 seconds, and values that can be worked out by hand. */
function store() {
  const made = createSeriesStore();
  const add = (labels: Record<string, string>, valueAt: (index: number) => number, upToMs = endMs) => {
    const series = makeLabels(labels);
    for (let atMs = 0; atMs <= upToMs; atMs += 15_000) made.append(series, atMs, valueAt(atMs / 15_000));
    return series;
  };
  add({ [nameLabel]: "requests_total", code: "200", job: "a" }, (index) => index * 30);
  add({ [nameLabel]: "requests_total", code: "500", job: "a" }, (index) => index * 3);
  add({ [nameLabel]: "requests_total", code: "200", job: "b" }, (index) => (index % 10) * 15);
  add({ [nameLabel]: "memory", job: "a" }, (index) => 100 + index);
  add({ [nameLabel]: "memory", job: "b" }, () => 50);
  add({ [nameLabel]: "limit", job: "a", size: "large" }, () => 160);
  add({ [nameLabel]: "limit", job: "b", size: "small" }, () => 100);
  for (const [le, share] of [["0.1", 5], ["0.5", 9], ["+Inf", 10]] as const) add({ [nameLabel]: "latency_bucket", le }, (index) => index * share);
  made.markStale(add({ [nameLabel]: "gone" }, () => 1, 300_000), 315_000);
  add({ [nameLabel]: "stopped" }, () => 1, 300_000);
  return made;
}

/** Results as `labels value`, without the metric's name. */
function answer(query: string, atMs = endMs): string[] {
  const value = new Evaluator(store(), { startMs: atMs, endMs: atMs }).at(parsePromql(query), atMs);
  if (value.type === "scalar") return [formatValue(value.value)];
  if (value.type === "string") return [value.value];
  const rows = value.type === "vector" ? value.samples : value.rows.map(({ labels, points }) => ({ labels, value: points.length }));
  return rows.map(({ labels, value: number }) => [...Object.entries(labels.values).filter(([label]) => label !== nameLabel).map(([label, text]) => `${label}=${text}`), formatValue(Math.round(number * 1e6) / 1e6)].join(" "));
}

describe("PromQL by hand", () => {
  it.each<[string, string[]]>([
    ["rate(requests_total{code='500'}[5m])", ["code=500 job=a 0.2"]],
    ["increase(requests_total{job='a'}[5m])", ["code=200 job=a 600", "code=500 job=a 60"]],
    // Samples 20 to 40 of one that falls to zero at every tenth.
    ["resets(requests_total{job='b'}[5m])", ["code=200 job=b 2"]],
    ["sum by (job) (rate(requests_total{code='500'}[5m])) / sum by (job) (rate(requests_total[5m]))", ["job=a 0.090909"]],
    ["sum(requests_total) by (code) > 100", ["code=200 1200", "code=500 120"]],
    ["memory / on (job) group_left (size) limit", ["job=a size=large 0.875", "job=b size=small 0.5"]],
    ["memory > on (job) 0.6 * limit", ["job=a 140"]],
    ["memory > bool 100", ["job=a 1", "job=b 0"]],
    ["histogram_quantile(0.5, rate(latency_bucket[5m]))", ["0.1"]],
    ["histogram_quantile(0.7, rate(latency_bucket[5m]))", ["0.3"]],
    ["histogram_quantile(0.99, rate(latency_bucket[5m]))", ["0.5"]],
    ["topk(1, memory)", ["job=a 140"]],
    ["quantile(0.5, memory)", ["95"]],
    ["avg_over_time(memory{job='a'}[1m])", ["job=a 138"]],
    ["quantile_over_time(0.25, memory{job='a'}[1m])", ["job=a 137"]],
    ["memory offset 5m", ["job=a 120", "job=b 50"]],
    ["max_over_time(sum(memory)[5m:1m])", ["190"]],
    ["memory unless on (job) limit{size='small'}", ["job=a 140"]],
    ["absent(memory{job='c'})", ["job=c 1"]],
    ["label_replace(memory{job='b'}, 'who', 'the-$1', 'job', '(.)')", ["job=b who=the-b 50"]],
    ["gone", []],
    ["gone offset 5m", ["1"]],
    ["stopped", ["1"]],
    ["stopped @ 601", []],
    ["-2 ^ 2", ["-4"]],
    ["1 + 2 * 3 % 2 == bool 1", ["1"]],
    ["clamp(memory, 60, 120)", ["job=a 120", "job=b 60"]],
    ["scalar(memory)", ["NaN"]],
    ["memory{job='a'}[1m]", ["job=a 5"]],
    ["vector(1) or memory", ["1", "job=a 140", "job=b 50"]],
    ["'it\\'s'", ["it's"]],
  ])("%s", (query, wanted) => {
    expect(answer(query)).toEqual(wanted);
  });

  it.each<[string, "bad_data" | "execution", string]>([
    ["rate(memory)", "bad_data", 'expected type range vector in call to function "rate", got instant vector'],
    ["nonsense(memory)", "bad_data", 'unknown function with name "nonsense"'],
    ["sum(memory", "bad_data", "unexpected end of input"],
    ["{job=''}", "bad_data", "at least one non-empty matcher"],
    ["1 < 2", "bad_data", "must use BOOL modifier"],
    ["memory[5m] offset 1m offset 1m", "bad_data", "may not be set multiple times"],
    ["memory\n+ sum by (", "bad_data", "2:"],
    ["memory + on () memory", "execution", "many-to-many matching not allowed"],
    ["memory * on (job) group_left requests_total", "execution", "found duplicate series for the match group {job=\"a\"} on the right"],
    ["label_replace(memory, 'job', 'x', '', '')", "execution", "same labelset"],
  ])("refuses %s", (query, errorType, words) => {
    expect(() => answer(query)).toThrow(expect.objectContaining({ errorType, message: expect.stringContaining(words) }));
  });
});

describe("PromQL of any kind", () => {
  const word = fc.constantFrom("memory", "requests_total", "limit", "gone", "sum", "by", "(", ")", "[5m]", "[1m:15s]", "{job=\"a\"}", "rate", "topk", "1", "-", "+", "/", "==", "bool", "and", "on", "(job)", "group_left", "offset", "5m", "@", "end()", ",", "'text'", "histogram_quantile", "0.5", "without", "absent", "NaN", "^", "#", "\n", "le", "label_replace", "{", "}", "=~", "\"(\"");

  it("is answered or refused, never anything else", () => {
    fc.assert(fc.property(fc.array(word, { minLength: 1, maxLength: 14 }), (words) => {
      try {
        answer(words.join(" "));
      } catch (error) {
        expect(error).toBeInstanceOf(PromqlError);
      }
    }), { numRuns: 2_000, seed: 20261121 });
  });

  it("gives a vector without repeated labels, at any moment", () => {
    const queries = ["rate(requests_total[1m])", "sum by (job) (memory) / on (job) limit", "memory or requests_total or limit", "max_over_time(memory[2m:7s])", "histogram_quantile(0.9, latency_bucket)", "topk by (job) (1, requests_total)"];
    fc.assert(fc.property(fc.constantFrom(...queries), fc.integer({ min: -60_000, max: 2 * endMs }), (query, atMs) => {
      const labels = answer(query, atMs).map((row) => row.slice(0, row.lastIndexOf(" ")));
      expect(new Set(labels).size).toBe(labels.length);
    }), { numRuns: 300, seed: 20261121 });
  });
});

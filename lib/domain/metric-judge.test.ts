import { describe, expect, test } from "vitest";
import { judgeMeasurements, judgeMetric, meets, resolveQuery, unknownVariables } from "#lib/domain/metric-judge.ts";
import type { Measurement, MetricReply } from "#lib/domain/metric-judge.ts";
import { concerns, judgeNewAlerts } from "#lib/domain/metric-judge-alerts.ts";
import type { Alert } from "#lib/domain/metric-judge-alerts.ts";

const answered = (...values: number[]): MetricReply => ({ kind: "answered", values, warnings: [] });

test.each([
  ["a good value", answered(0.002), "pass", /^0\.002 is < 0\.01$/],
  ["a bad value", answered(0.5), "fail", /^0\.5 is not < 0\.01$/],
  ["the limit itself", answered(0.01), "fail", /0\.01 is not < 0\.01/],
  ["no data", answered(), "inconclusive", /the query gives no data/],
  ["NaN", answered(NaN), "inconclusive", /NaN \(nothing divided by nothing\?\)/],
  ["infinity", answered(Infinity), "inconclusive", /\+Inf/],
  ["several series", answered(0, 0, 0), "inconclusive", /3 series, it must give one: put sum\(\), max\(\) or avg\(\) around it/],
  ["a partial answer", { kind: "answered", values: [0], warnings: ["one store did not answer"] }, "inconclusive", /may be partial: one store did not answer/],
  ["a query that is refused", { kind: "refused", sentence: 'parse error: unexpected "}"' }, "error", /Prometheus refuses the query: parse error/],
  ["a Prometheus that is away", { kind: "unreachable", sentence: "connection refused" }, "error", /Prometheus cannot be asked: connection refused/],
  ["no Prometheus at all", { kind: "unconfigured", environment: "prod" }, "error", /^no Prometheus is configured for prod$/],
] as const)("%s", (_, reply, verdict, sentence) => {
  const judged = judgeMetric({ pass: "< 0.01" }, reply);
  expect(judged.verdict).toBe(verdict);
  expect(judged.sentence).toMatch(sentence);
});

test.each([["< 1", 0.5, true], ["<= 1", 1, true], ["> 1", 1, false], [">= 1", 1, true], ["== 0", 0, true], ["!= 0", 0, false], [">-2.5", 0, true], ["about 1", 1, null], ["< 1", NaN, false], ["!= 1", NaN, false]])("%s met by %d: %s", (pass, value, expected) =>
  expect(meets(pass, value)).toBe(expected));

describe("several measurements", () => {
  const [ok, bad, mute, error] = (["pass", "fail", "inconclusive", "error"] as const).map((verdict): Measurement => ({ verdict, sentence: verdict }));
  const limits = { count: 3, failureLimit: 1, inconclusiveLimit: 1 };
  test.each([
    ["one more is needed", [ok, ok], "pass", false],
    ["all pass", [ok, ok, ok], "pass", true],
    ["one failure is forgiven", [ok, bad, ok], "pass", true],
    ["two are not, and end it at once", [bad, bad], "fail", true],
    ["one that says nothing is forgiven", [ok, mute, ok], "pass", true],
    ["two are not", [ok, mute, error], "inconclusive", true],
    ["errors alone are an error", [error, error], "error", true],
    ["the forgiven ones alone never pass", [bad, mute], "fail", false],
    ["nothing was measured", [], "inconclusive", false],
  ] as const)("%s", (_, measurements, verdict, done) => expect(judgeMeasurements(limits, measurements as unknown as Measurement[])).toMatchObject({ verdict, done }));
  test("the tally is told", () => expect(judgeMeasurements(limits, [ok, bad, ok] as Measurement[]).sentence).toBe("pass (2 of 3 measurements passed)"));
});

test("variables are filled in, and unknown ones found", () => {
  const names = { environment: "prod", namespace: "dreamscape-prod", bigPods: ["core", "experience"] };
  expect(resolveQuery('sum(rate(errors{namespace="$namespace",pod=~"($bigPods)-.*",env="$environment"}[5m]))', names)).toBe('sum(rate(errors{namespace="dreamscape-prod",pod=~"(core|experience)-.*",env="prod"}[5m]))');
  expect(resolveQuery("$namespaces", names)).toBe("$namespaces");
  expect(unknownVariables('up{a="$namespaces",b="$environment"} label_replace(x, "a", "$1", "b", "(.*)")')).toEqual(["$namespaces"]);
});

describe("alerts", () => {
  const scope = { environment: "prod", namespace: "dreamscape-prod", bigPods: [{ name: "core", workload: "core-app" }] };
  const since = new Date("2026-11-21T12:00:00Z");
  const alert = (labels: Record<string, string>, change: Partial<Alert> = {}): Alert => ({ name: "HighErrorRate", labels, annotations: {}, state: "firing", activeAt: new Date("2026-11-21T12:01:00Z"), ...change });
  test.each([
    [{ namespace: "dreamscape-prod" }, true], [{ namespace: "dreamscape-staging", app: "core" }, false], [{ environment: "prod" }, true], [{ environment: "staging", app: "core" }, false],
    [{ app: "core" }, true], [{ deployment: "core-app" }, true], [{ pod: "core-app-7d9f-x2" }, true], [{ pod: "core-application" }, false], [{ app: "other" }, false], [{}, false],
  ])("labels %j concern the target: %s", (labels, expected) => expect(concerns(alert(labels as Record<string, string>), scope)).toBe(expected));
  test.each([
    ["none", [], "pass", /no alert of prod came since/],
    ["one that fires", [alert({ namespace: "dreamscape-prod" }, { annotations: { summary: "5 % of requests fail" } })], "fail", /HighErrorRate \(5 % of requests fail\)/],
    ["one that is about to", [alert({ namespace: "dreamscape-prod" }, { state: "pending" })], "inconclusive", /about to fire: HighErrorRate/],
    ["one that was there before", [alert({ namespace: "dreamscape-prod" }, { activeAt: new Date("2026-11-21T11:59:59Z") })], "pass", /no alert/],
    ["one of elsewhere", [alert({ namespace: "kube-system" })], "pass", /no alert/],
  ] as const)("%s", (_, alerts, verdict, sentence) => {
    const judged = judgeNewAlerts(alerts, scope, since);
    expect(judged.verdict).toBe(verdict);
    expect(judged.sentence).toMatch(sentence);
  });
});

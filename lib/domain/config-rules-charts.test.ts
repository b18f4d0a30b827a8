import { expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import { chartMistakes } from "#lib/domain/config-rules-charts.ts";

const base = {
  platform: { name: "Testing" },
  environments: [{ name: "prod", cluster: { kubeconfig: "k" }, namespace: "prod" }],
  bigPods: [{ name: "core", workload: { name: "core" }, services: [{ name: "auth", container: "auth" }] }],
  access: { providers: [{ id: "sso", kind: "oidc", title: "SSO", issuer: "http://127.0.0.1:1", clientId: "v", clientSecret: "env:NONE" }], roles: [{ role: "admin", groups: ["a"] }] },
};
const mistakes = (more: object) => chartMistakes(configSchema.parse({ ...base, ...more })).map(({ path, expected }) => `${path.join(".")}: ${expected}`);
const panel = { title: "CPU", dashboard: "abc", panel: 1 };

test("what is usual has no mistake", () => {
  expect(mistakes({})).toEqual([]);
  expect(mistakes({ grafana: { url: "https://grafana.example.org/sub", token: "env:T", embed: "proxy", panels: [{ ...panel, variables: { ns: "$namespace", all: "$__all" }, bigPods: ["core"] }] } })).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ["a variable of a query that does not exist", { goldenSignals: { latency: 'x{namespace="$namespaces"}' } }, /^goldenSignals\.latency: .*not \$namespaces/],
  ["a variable of a panel that does not exist", { grafana: { url: "http://g", panels: [{ ...panel, variables: { s: "$service" } }] } }, /^grafana\.panels\.0\.variables\.s: .*not \$service/],
  ["a Big Pod that does not exist", { grafana: { url: "http://g", panels: [{ ...panel, bigPods: ["cor"] }] } }, /^grafana\.panels\.0\.bigPods\.0: one of the Big Pods: core/],
  ["a password in the address", { grafana: { url: "http://admin:admin@g" } }, /^grafana\.url: .*grafana\.token/],
  ["panels through the portal without a token", { grafana: { url: "http://g", embed: "proxy", panels: [panel] } }, /^grafana\.token: /],
])("%s is named with its place", (_what, more, words) => {
  expect(mistakes(more)).toEqual([expect.stringMatching(words)]);
});

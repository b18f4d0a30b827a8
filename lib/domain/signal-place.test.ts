import { describe, expect, test } from "vitest";
import { configSchema } from "#lib/contracts/config.ts";
import type { Labels } from "#lib/domain/signal-fingerprint.ts";
import { placeOf } from "#lib/domain/signal-place.ts";
import { severityOf } from "#lib/domain/signal-severity.ts";

const config = configSchema.parse({
  platform: { name: "Test" },
  environments: ["staging", "prod"].map((name) => ({ name, cluster: { inCluster: true }, namespace: `shop-${name}` })),
  bigPods: [
    { name: "core", workload: { name: "core-deploy" }, services: [{ name: "nginx", container: "nginx" }, { name: "auth", container: "auth-service" }] },
    { name: "core-api", workload: { name: "core-deploy-api" }, services: [{ name: "nginx", container: "nginx" }] },
    { name: "experience", workload: { name: "experience" }, services: [{ name: "voyage", process: "voyage-web" }] },
  ],
  access: { providers: [{ kind: "github", id: "github", title: "GitHub", clientId: "x", clientSecret: "env:X" }], roles: [{ role: "viewer", users: ["a@example.org"] }] },
});
const place = (labels: Labels, only: string | null = null): unknown[] => Object.values(placeOf(labels, config, config.alerting.labels, only));

describe("where an alert belongs", () => {
  test.each<[string, Labels, string | null, string | null, string | null]>([
    ["an environment by its name", { environment: "prod" }, "prod", null, null],
    ["an environment by its namespace", { namespace: "shop-prod" }, "prod", null, null],
    ["the first label that names something", { environment: "production", env: "staging", namespace: "shop-prod" }, "staging", null, null],
    ["a namespace that is not ours", { namespace: "kube-system" }, null, null, null],
    ["a Big Pod by its name", { bigpod: "core" }, null, "core", null],
    ["a Big Pod by its workload", { deployment: "core-deploy" }, null, "core", null],
    ["a Big Pod by one of its colours", { deployment: "experience-green" }, null, "experience", null],
    ["a pod, by the longest workload that fits", { pod: "core-deploy-api-5d9f-x2" }, null, "core-api", null],
    ["a pod of another workload", { pod: "core-deployment-x" }, null, null, null],
    ["a service with its Big Pod", { app: "core", container: "auth-service" }, null, "core", "auth"],
    ["a service by its process, which only one Big Pod has", { service: "voyage-web" }, null, "experience", "voyage"],
    ["a service that two Big Pods have", { service: "nginx" }, null, null, null],
    ["a service of another Big Pod than the one named", { app: "core", service: "voyage" }, null, "core", null],
    ["names of prototypes", { environment: "constructor", app: "toString", service: "__proto__" }, null, null, null],
    ["nothing", {}, null, null, null],
  ])("%s", (_what, labels, environment, bigPod, service) => {
    expect(place(labels)).toEqual([environment, bigPod, service]);
  });

  test("an upstream of one environment answers for alerts that name none", () => {
    expect(place({ app: "core" }, "staging")).toEqual(["staging", "core", null]);
    expect(place({ environment: "prod" }, "staging")).toEqual(["prod", null, null]);
  });

  test("only the configured labels are read", () => {
    const names = { ...config.alerting.labels, environment: ["stage"], bigPod: ["unit"], service: [] };
    expect(placeOf({ environment: "prod", stage: "staging", unit: "core", app: "experience", service: "auth" }, config, names)).toEqual({ environment: "staging", bigPod: "core", service: null });
  });
});

test.each([["critical", "critical"], ["PAGE", "critical"], [" error ", "critical"], ["warn", "warning"], ["ticket", "warning"], ["none", "info"], ["notice", "info"], ["sev-9000", "warning"], ["", "warning"], [undefined, "warning"], ["constructor", "warning"]])("severity %s is %s", (word, severity) => {
  expect(severityOf(word)).toBe(severity);
});
